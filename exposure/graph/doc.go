// Package graph has the algorithms on directed graphs that exposure analysis
// needs, on flat arrays: distances to a target, best and next best paths,
// preconditions that need several things at once, minimum cuts with the edges
// that they cut, and dominators.
//
// Nodes are 0 … n-1, edges are numbered in the order given. Weights are given
// per call, one for each edge, so that one graph serves several meanings of
// "short": likely, cheap, unseen. Weights are not negative; an edge with an
// infinite weight does not exist for that call.
//
// Every result is deterministic: the same graph and weights give the same
// paths, also where several are equally good.
//
// # Several things at once
//
// An edge may need further nodes besides the one it starts from (Edge.Needs):
// it can be walked only when all of them are reached as well. Its cost is its
// weight and the costs of reaching each of them, which is the cost of the
// cheapest derivation tree (Knuth 1977, a generalisation of Dijkstra's
// algorithm); what two branches share is paid twice.
//
// # Sources
//
// Dijkstra with a 4-ary heap; Yen 1971 for the k best loopless paths, with the
// distances to the target as A* bound; Dinic 1970 for flows, the cut being the
// edges from what the residual graph reaches; Cooper, Harvey and Kennedy 2001
// for dominators. The tests hold all of them to brute force on small graphs.
package graph
