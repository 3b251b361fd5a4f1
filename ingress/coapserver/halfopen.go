package coapserver

import (
	"container/list"
	"sync"
)

// halfOpen holds the connections whose handshake is not over, oldest first, at most limit of them. When it is full the
// oldest one goes: a device's handshake takes milliseconds, so the oldest is the least likely to be one.
type halfOpen struct {
	mu      sync.Mutex
	limit   int
	order   list.List // of func(): closes the connection
	evicted uint64
}

// enter adds a connection and gives the function that takes it out again.
func (h *halfOpen) enter(abort func()) (leave func()) {
	h.mu.Lock()
	e := h.order.PushBack(abort)
	var oldest func()
	if h.order.Len() > h.limit {
		oldest, _ = h.order.Remove(h.order.Front()).(func())
		h.evicted++
	}
	h.mu.Unlock()
	if oldest != nil {
		oldest()
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.order.Remove(e) // a no-op where e was evicted: Remove checks the list
	}
}

// abortAll ends every handshake in progress.
func (h *halfOpen) abortAll() {
	h.mu.Lock()
	var all []func()
	for e := h.order.Front(); e != nil; e = e.Next() {
		if abort, ok := e.Value.(func()); ok {
			all = append(all, abort)
		}
	}
	h.mu.Unlock()
	for _, abort := range all {
		abort()
	}
}

// stats gives how many are in, and how many were ever pushed out.
func (h *halfOpen) stats() (open int, evicted uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.order.Len(), h.evicted
}
