package evtx

import (
	"errors"
	"fmt"
)

// Tokens of binary XML, [MS-EVEN6] 2.2.12. With moreData set, more content or
// attributes follow; on openElement it says that there are attributes.
const (
	tokenEnd          = 0x00
	tokenOpen         = 0x01
	tokenCloseStart   = 0x02
	tokenCloseEmpty   = 0x03
	tokenEndElement   = 0x04
	tokenText         = 0x05
	tokenAttribute    = 0x06
	tokenCData        = 0x07
	tokenCharacter    = 0x08
	tokenEntity       = 0x09
	tokenTarget       = 0x0a
	tokenTargetData   = 0x0b
	tokenTemplate     = 0x0c
	tokenSubstitution = 0x0d
	tokenOptional     = 0x0e
	tokenFragment     = 0x0f
	moreData          = 0x40
)

var errShort = errors.New("it ends early")

// cursor reads binary XML. Reads beyond the end give zeros and set err.
type cursor struct {
	data []byte
	base int // offset of data in the chunk
	pos  int // in data
	err  error
}

// offset returns the position in the chunk.
func (c *cursor) offset() int { return c.base + c.pos }

func (c *cursor) more() bool { return c.err == nil && c.pos < len(c.data) }

func (c *cursor) take(n int) []byte {
	if c.err != nil || n < 0 || n > len(c.data)-c.pos {
		if c.err == nil {
			c.err = fmt.Errorf("byte %d of the chunk: %w", c.offset(), errShort)
		}
		return nil
	}
	b := c.data[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return b
}

func (c *cursor) byte() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16() int {
	if b := c.take(2); b != nil {
		return u16(b, 0)
	}
	return 0
}

func (c *cursor) u32() int {
	if b := c.take(4); b != nil {
		return int(u32(b, 0))
	}
	return 0
}

// peek returns the next byte without moving, tokenEnd at the end.
func (c *cursor) peek() byte {
	if c.more() {
		return c.data[c.pos]
	}
	return tokenEnd
}

// counted reads UTF-16 text behind its number of characters.
func (c *cursor) counted() []byte { return c.take(2 * c.u16()) }
