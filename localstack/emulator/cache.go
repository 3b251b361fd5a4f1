package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// cached gives the folder of that name in the cache, filled once. It appears there when it is complete, so that neither a
// broken fetch nor one by another process at the same time leaves half of it.
func cached(cache, name string, fill func(dir string) error) (string, error) {
	dir := filepath.Join(cache, name)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(cache, 0o750); err != nil {
		return "", err
	}
	building, err := os.MkdirTemp(cache, name+".building-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(building) //nolint:errcheck // it has been renamed, or is of no use
	if err := fill(building); err != nil {
		return "", err
	}
	if err := os.Rename(building, dir); err != nil {
		if _, other := os.Stat(dir); other == nil { // another process was first
			return dir, nil
		}
		return "", err
	}
	return dir, nil
}

const maxUnpacked = 512 << 20 // bytes of one file

// unpack takes the regular files below prefix out of a .tgz archive into dir.
func unpack(archive, prefix, dir string) error {
	f, err := os.Open(archive) //nolint:gosec // in the cache folder
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was read
	gz, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	for files := tar.NewReader(gz); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name, ok := strings.CutPrefix(header.Name, prefix)
		if !ok || header.Typeflag != tar.TypeReg {
			continue
		}
		if err := unpackFile(files, name, dir); err != nil {
			return err
		}
	}
}

func unpackFile(content io.Reader, name, dir string) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("the archive holds %q, which leads out of it", name)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // IsLocal
	if err != nil {
		return err
	}
	_, err = io.CopyN(out, content, maxUnpacked)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, out.Close())
}
