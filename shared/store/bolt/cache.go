package bolt

import (
	"sync"

	"go.etcd.io/bbolt"
)

// maxDecoded bounds the decoded groups and hubs that are kept.
const maxDecoded = 4096

// decoded keeps groups and hubs as they were decoded, for one generation: every change to one of them raises it, in the
// same transaction, so what is kept is what is stored. Whoever is given a kept object must not change what it points to.
type decoded struct {
	mu         sync.RWMutex
	generation uint64
	objects    map[string]any
}

// cached gives the object under key, decoded once in a generation.
func cached[T any](d *decoded, tx *bbolt.Tx, bucket []byte, key string) (v T, found bool, err error) {
	now, name := generation(tx), string(bucket)+separator+key
	if v, ok := d.get(now, name).(T); ok {
		return v, true, nil
	}
	v, found, err = get[T](tx, bucket, key)
	if err == nil && found {
		d.put(now, name, v)
	}
	return v, found, err
}

func (d *decoded) get(generation uint64, name string) any {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.generation != generation {
		return nil
	}
	return d.objects[name]
}

func (d *decoded) put(generation uint64, name string, v any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.generation > generation { // decoded in a transaction that began before the last change
		return
	}
	if d.generation != generation || len(d.objects) >= maxDecoded {
		d.generation, d.objects = generation, make(map[string]any)
	}
	d.objects[name] = v
}
