package node

import "github.com/evident-sec/evident/internal/lake"

// Lake is the node's lake.
func (n *Node) Lake() *lake.Table { return n.lake }
