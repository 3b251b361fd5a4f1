package reach

import (
	"errors"
	"slices"
	"strings"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// Bounds of a discovery answer.
const (
	maxLinks = 512
	maxTypes = 16 // of one link

	mapType = 5 // major type of a map's first byte (RFC 8949 §3.1)
)

var errLinks = errors.New("answer is no list of links")

// entry is a link, or an object that holds links.
type entry struct {
	ocf.Link
	Links []ocf.Link `json:"links"`
}

// parseLinks reads an answer of /oic/res: a list of links, a list of one object that holds them, or that object (OCF Core
// 2.2.5 §11.2.3).
func parseLinks(format uint16, data []byte) ([]ocf.Link, error) {
	if format != ocf.FormatOCFCBOR && format != ocf.FormatCBOR {
		return nil, errLinks
	}
	all := make([]entry, 1)
	var into any = &all
	if len(data) > 0 && data[0]>>5 == mapType {
		into = &all[0]
	}
	if err := decodeInto(data, into); err != nil {
		return nil, errors.Join(errLinks, err)
	}
	var out []ocf.Link
	for _, e := range all {
		if e.Href != "" {
			out = append(out, e.Link)
		}
		out = append(out, e.Links...)
	}
	out = slices.DeleteFunc(out, func(l ocf.Link) bool { return !usable(l) })
	if len(out) > maxLinks {
		return nil, errLinks
	}
	return out, nil
}

func usable(l ocf.Link) bool {
	return strings.HasPrefix(l.Href, "/") && len(l.Href) <= maxHref && len(l.ResourceTypes) <= maxTypes
}

// byDevice sorts links by the device that they belong to, as their anchors say; those without one belong to nobody.
func byDevice(links []ocf.Link) map[string][]ocf.Link {
	out := make(map[string][]ocf.Link)
	for _, l := range links {
		text, found := strings.CutPrefix(l.Anchor, ocf.AnchorScheme)
		id, ok := dps.ParseUUID(strings.TrimSuffix(text, "/"))
		if found && ok && id != dps.NilUUID {
			out[id] = append(out[id], l)
		}
	}
	return out
}

// publicLinks gives links as callers see them.
func publicLinks(links []ocf.Link) []Link {
	out := make([]Link, 0, len(links))
	for _, l := range links {
		p := Link{Href: l.Href, Types: clipAll(l.ResourceTypes), Interfaces: clipAll(l.Interfaces)}
		p.Observable = l.Policy != nil && l.Policy.Bitmask&ocf.PolicyObservable != 0
		for _, e := range l.Endpoints[:min(len(l.Endpoints), maxEndpoints)] {
			p.Endpoints = append(p.Endpoints, clip(e.URI))
		}
		out = append(out, p)
	}
	return out
}

func clipAll(all []string) []string {
	out := make([]string, 0, min(len(all), maxTypes))
	for _, s := range all[:min(len(all), maxTypes)] {
		out = append(out, clip(s))
	}
	return out
}
