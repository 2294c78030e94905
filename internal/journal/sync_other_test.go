//go:build !linux

package journal_test

// Elsewhere there is no seccomp to make fsync fail with.
const syncDirEnv = "EVIDENT_JOURNAL_SYNC_DIR"

func appendWithoutSync(string) int { return 3 }
