package story

import (
	"crypto/sha1"
	"fmt"
)

// namespace is Evident's own for the identifiers of exports; it never changes.
var namespace = [16]byte{
	0x3b, 0x0e, 0x5d, 0x1c, 0x7a, 0x42, 0x4f, 0x6b, 0x9c, 0x11, 0x52, 0xd8, 0x84, 0x6e, 0x0f, 0x2a,
}

// uuid5 returns the name's UUID version 5 (RFC 9562, section 5.5) in Evident's
// namespace: the same name, the same identifier.
func uuid5(name string) string {
	h := sha1.New()
	h.Write(namespace[:])
	h.Write([]byte(name))
	u := [16]byte(h.Sum(nil)[:16])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[0:4], u[4:6], u[6:8], u[8:10], u[10:16])
}
