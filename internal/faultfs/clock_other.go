//go:build !linux || !amd64

package faultfs

import (
	"os"
	"time"
)

const clockEnv = "EVIDENT_FAULTFS_CLOCK"

// EnterClock returns ErrUnsupported where a clock was asked for.
func EnterClock() error {
	if os.Getenv(clockEnv) != "" {
		return ErrUnsupported
	}
	return nil
}

// ClockEnv is the environment that EnterClock looks at.
func ClockEnv(by time.Duration) string { return clockEnv + "=" + by.String() }

// StepClock returns ErrUnsupported.
func StepClock(time.Duration) error { return ErrUnsupported }
