// Package retention decides how long records are kept and checks that what was
// destroyed was destroyed lawfully.
//
// A Policy names approvers with their public keys and schedules: which records,
// under which authority, for how long. The longest schedule that covers a
// record wins, and any legal hold wins over all of them. What no schedule covers
// is kept. Time counts from arrival, so that a record that lies about its time
// is not destroyed early.
//
// Documents are kept as records in the journal: policies, holds, releases,
// approvals, tombstones. A Register replays them in order and is the same for
// everybody who reads the journal. All but tombstones are C2SP signed notes;
// docs/formats/retention.md specifies them.
//
// # Invariants
//
//   - Two approvers with different names sign a policy's successor, the release
//     of a hold and a Plan. One is enough for a hold.
//   - A tombstone holds the Plan with both signatures; it is valid only under
//     the policy and exactly the holds that were in force when it was written.
//   - The package does no I/O and has no clock.
package retention
