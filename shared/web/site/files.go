package site

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"mime"
	"path"
	"strings"
)

const pathIndex = "/index.html"

// How long browsers keep what they got. The page names its assets by their hash, so that only the page itself is asked for again.
const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheNever   = "no-cache" // asks each time whether its copy is the latest
)

// file is one embedded file.
type file struct {
	plain, packed []byte // as it is, and by gzip
	media, cache  string
	etag          string
}

// readAll reads what the build made.
func readAll(dist fs.FS) map[string]file {
	files := make(map[string]file)
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".gz") {
			return err
		}
		f, err := read(dist, name)
		files["/"+name] = f
		return err
	})
	if _, ok := files[pathIndex]; err == nil && !ok {
		err = fs.ErrNotExist
	}
	if err != nil { // a file without its .gz, or no page: a test would have found it
		panic("the embedded page: " + err.Error())
	}
	return files
}

func read(dist fs.FS, name string) (file, error) {
	plain, err := fs.ReadFile(dist, name)
	if err != nil {
		return file{}, err
	}
	packed, err := fs.ReadFile(dist, name+".gz")
	if err != nil {
		return file{}, err
	}
	sum := sha256.Sum256(plain)
	f := file{plain: plain, packed: packed, media: mediaOf(name), cache: cacheNever, etag: `W/"` + hex.EncodeToString(sum[:8]) + `"`}
	if path.Dir(name) == "assets" {
		f.cache = cacheForever
	}
	return f, nil
}

// mediaOf knows the kinds that the build makes: the system's own list differs between machines.
func mediaOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".txt":
		return "text/plain; charset=utf-8"
	default:
		return mime.TypeByExtension(ext)
	}
}

// isClean tells whether a path is written in the one way that means it.
func isClean(p string) bool { return path.Clean(p) == p }
