package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"path"
	"strings"
)

//go:embed dist
var dist embed.FS

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

// embedded reads what the build made: each file, and NAME.gz beside it.
func embedded() map[string]file {
	files := make(map[string]file)
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".gz") {
			return err
		}
		f, err := read(name)
		files[strings.TrimPrefix(name, "dist")] = f
		return err
	})
	if err != nil { // a file without its .gz: a test would have found it
		panic("console: " + err.Error())
	}
	return files
}

func read(name string) (file, error) {
	plain, err := dist.ReadFile(name)
	if err != nil {
		return file{}, err
	}
	packed, err := dist.ReadFile(name + ".gz")
	if err != nil {
		return file{}, err
	}
	sum := sha256.Sum256(plain)
	f := file{plain: plain, packed: packed, media: mediaOf(name), cache: cacheNever, etag: `W/"` + hex.EncodeToString(sum[:8]) + `"`}
	if path.Base(path.Dir(name)) == "assets" {
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
