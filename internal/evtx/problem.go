package evtx

import "github.com/evident-sec/evident/internal/flaw"

// Problem is one thing in a file that is not as it should be.
type Problem = flaw.Problem
