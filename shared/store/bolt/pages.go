package bolt

import (
	"encoding/binary"
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// bbolt's file format, as far as the way from page to page: a header, then elements that say where in the page their keys
// and values lie, counted from the element.
const (
	pageHeaderSize = 16 // id uint64, flags uint16, count uint16, overflow uint32
	elementSize    = 16 // branch: position, key size uint32, page uint64; leaf: flags, position, key size, value size uint32
	flagBranch     = 0x01
	flagLeaf       = 0x02
)

// pages follows every tree of the file from its root, each page once. A damaged page may lead back to one above it, and
// whoever follows that, as bbolt's own cursors do, never comes to an end.
type pages struct {
	file io.ReaderAt
	size int64 // of a page
	end  uint64
	seen map[uint64]bool
}

func newPages(file io.ReaderAt, tx *bbolt.Tx) *pages {
	size := int64(tx.DB().Info().PageSize)
	return &pages{file: file, size: size, end: uint64(tx.Size() / size), seen: make(map[uint64]bool)} //nolint:gosec // sizes are positive
}

// tree follows one tree. Errors: errDamaged.
func (p *pages) tree(id uint64) error {
	page, err := p.read(id)
	if err != nil {
		return err
	}
	flags, count := binary.NativeEndian.Uint16(page[8:]), int(binary.NativeEndian.Uint16(page[10:]))
	if flags != flagBranch && flags != flagLeaf || pageHeaderSize+count*elementSize > len(page) {
		return fmt.Errorf("%w: page %d is no part of a tree", errDamaged, id)
	}
	for n := range count {
		from := page[pageHeaderSize+n*elementSize:]
		position, size := binary.NativeEndian.Uint32(from), uint64(binary.NativeEndian.Uint32(from[4:]))
		if flags == flagLeaf {
			position, size = binary.NativeEndian.Uint32(from[4:]), uint64(binary.NativeEndian.Uint32(from[8:]))+uint64(binary.NativeEndian.Uint32(from[12:]))
		}
		if uint64(position)+size > uint64(len(from)) {
			return fmt.Errorf("%w: page %d points outside of itself", errDamaged, id)
		}
		if flags == flagLeaf {
			continue
		}
		if err := p.tree(binary.NativeEndian.Uint64(from[8:])); err != nil {
			return err
		}
	}
	return nil
}

// read gives a page that was not met before, with the pages that continue it.
func (p *pages) read(id uint64) ([]byte, error) {
	if id < 2 || id >= p.end || p.seen[id] { // the first two are the file's heads
		return nil, fmt.Errorf("%w: page %d is where it cannot be", errDamaged, id)
	}
	p.seen[id] = true
	header := make([]byte, pageHeaderSize)
	if _, err := p.file.ReadAt(header, int64(id)*p.size); err != nil { //nolint:gosec // below the end
		return nil, fmt.Errorf("%w: page %d: %w", errDamaged, id, err)
	}
	overflow := uint64(binary.NativeEndian.Uint32(header[12:]))
	if binary.NativeEndian.Uint64(header) != id || overflow >= p.end-id {
		return nil, fmt.Errorf("%w: page %d is another's", errDamaged, id)
	}
	page := make([]byte, int64(overflow+1)*p.size)                   //nolint:gosec // within the file
	if _, err := p.file.ReadAt(page, int64(id)*p.size); err != nil { //nolint:gosec // below the end
		return nil, fmt.Errorf("%w: page %d: %w", errDamaged, id, err)
	}
	return page, nil
}

// follow goes through the tree of buckets, and then each bucket's own; one that is kept inside its entry has none.
func (p *pages) follow(tx *bbolt.Tx) error {
	if err := p.tree(uint64(tx.Cursor().Bucket().Root())); err != nil {
		return err
	}
	return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		if b == nil {
			return fmt.Errorf("%w: %q is no bucket", errDamaged, name)
		}
		if root := uint64(b.Root()); root != 0 {
			return p.tree(root)
		}
		return nil
	})
}
