package safeguard

import "testing"

// TestJournalFields judges the names that systemd gives its fields, and what an
// application may put beside them, as those of any other source.
func TestJournalFields(t *testing.T) {
	for _, name := range []string{
		"MESSAGE", "MESSAGE_ID", "PRIORITY", "CODE_FUNC", "SYSLOG_IDENTIFIER", "SYSLOG_FACILITY", "UNIT", "USER_UNIT",
		"_PID", "_UID", "_GID", "_COMM", "_EXE", "_CMDLINE", "_CAP_EFFECTIVE", "_AUDIT_SESSION", "_AUDIT_LOGINUID",
		"_SYSTEMD_UNIT", "_SYSTEMD_USER_UNIT", "_SYSTEMD_SESSION", "_SYSTEMD_OWNER_UID", "_SELINUX_CONTEXT", "_BOOT_ID",
		"_MACHINE_ID", "_HOSTNAME", "_TRANSPORT", "_STREAM_ID", "_KERNEL_DEVICE", "_UDEV_SYSNAME", "OBJECT_PID",
		"COREDUMP_EXE", "__CURSOR", "__REALTIME_TIMESTAMP", "__SEQNUM_ID",
	} {
		if reason, refused := Refuse(name); refused {
			t.Errorf("%s is refused: %s", name, reason)
		}
	}
	for _, name := range []string{"USER_RELIGION", "EMPLOYEE_UNION_MEMBER", "PERSON_ETHNICITY"} {
		if _, refused := Refuse(name); !refused {
			t.Errorf("%s is not refused", name)
		}
	}
}
