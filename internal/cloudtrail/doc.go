// Package cloudtrail checks CloudTrail log files by their digest files, offline.
//
// A digest file lists the log files of an hour with the SHA-256 of their
// uncompressed content, and names the digest before it with that one's hash and
// signature. The signature of a digest (SHA-256 with RSA, PKCS #1 v1.5) is not in
// its own file: it is the object's metadata x-amz-meta-signature, and stands in
// the next digest. So a folder of files proves all digests but the newest of each
// chain; that one is proven where a file NAME.signature with the hex signature
// lies beside it. Public keys come from "aws cloudtrail list-public-keys", saved
// as a file.
//
// Source: AWS CloudTrail user guide, "Custom implementations of CloudTrail log
// file integrity validation". The text that is signed is
//
//	digestEndTime "\n" bucket "/" object "\n" hex SHA-256 of the digest "\n" previous signature
//
// with "null" for the signature before the first.
//
// The package does no I/O: content goes in, verdicts come out.
package cloudtrail
