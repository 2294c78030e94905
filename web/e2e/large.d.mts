/** The shape is the API's Reconstruction. */
export function large(edgeCount: number): unknown;
