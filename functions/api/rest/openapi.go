package rest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// object is a JSON object of the OpenAPI document; encoding/json writes its names in order.
type object = map[string]any

// describe makes the OpenAPI 3.1 document of the routes: what new clients send and get. plgd's dialect is described by its
// media type, application/protojson.
func describe(routes []route, version string) []byte {
	s := schemas{}
	paths := object{}
	for _, r := range routes {
		for _, path := range []string{r.path, r.prefix + r.path} {
			item, ok := paths[path].(object)
			if !ok {
				item = object{}
				paths[path] = item
			}
			item[strings.ToLower(r.method)] = operation(s, r, path != r.path)
		}
	}
	s["Problem"] = problemSchema()
	s["StatusLegacy"] = legacyErrorSchema()
	document := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Device Provisioning Service", "version": orText(version, "dev"),
			"description": "Operators' API. New clients accept application/json alone; plgd's clients accept anything, or application/protojson, and get plgd's dialect.",
		},
		"paths":      paths,
		"components": object{"schemas": s, "securitySchemes": object{"bearer": object{"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}},
	}
	data, err := json.Marshal(document)
	if err != nil { // a test reads it
		return []byte("{}")
	}
	return append(data, '\n')
}

func orText(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func operation(s schemas, r route, prefixed bool) object {
	op := object{"operationId": r.id, "summary": r.summary, "responses": responses(s, r)}
	if prefixed {
		op["operationId"] = r.id + "Prefixed"
	}
	if r.scope != open {
		op["security"] = []any{object{"bearer": []string{}}}
		op["description"] = "Needs the scope " + r.scope.String() + ", or a token without any scope of this service's."
		if r.scope == admin {
			op["description"] = "Needs the scope " + r.scope.String() + "."
		}
	} else {
		op["security"] = []any{}
	}
	if parameters := parametersOf(r); len(parameters) > 0 {
		op["parameters"] = parameters
	}
	if r.in != nil {
		op["requestBody"] = requestBody(s, r)
	}
	return op
}

func parametersOf(r route) []any {
	var out []any
	if strings.Contains(r.path, "{id}") {
		out = append(out, object{"name": "id", "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range r.query {
		schema := object{"type": "string"}
		if p.isInt {
			schema = object{"type": "integer", "minimum": 1, "maximum": 1000}
		}
		if p.enum != nil {
			schema["enum"] = p.enum
		}
		if p.many {
			schema = object{"type": "array", "items": schema, "maxItems": maxValues}
		}
		out = append(out, object{"name": p.name, "in": "query", "description": p.doc, "schema": schema})
	}
	for name, wanted := range map[string]bool{"If-Match": r.takesETag(), "If-None-Match": r.givesETag()} {
		if wanted {
			out = append(out, object{"name": name, "in": "header", "schema": object{"type": "string"}})
		}
	}
	return out
}

func (r route) takesETag() bool { return slices.Contains(r.errors, http.StatusPreconditionFailed) }

func (r route) givesETag() bool {
	return r.method == http.MethodGet && strings.HasSuffix(r.path, "/{id}") && (strings.HasPrefix(r.path, pathGroups) || strings.HasPrefix(r.path, pathHubs))
}

func requestBody(s schemas, r route) object {
	media := object{"schema": s.of(r.in)}
	if r.inType == mediaPatch {
		media["schema"] = s.patchOf(r.in)
	}
	var example any
	if json.Unmarshal([]byte(r.example), &example) == nil {
		media["example"] = example
	}
	content := object{mediaJSON: media}
	if r.inType != "" {
		content = object{r.inType: media}
	}
	return object{"required": true, "content": content}
}

// statuses are those of errors that the operation may answer.
func statuses(r route) []int {
	out := append([]int{http.StatusInternalServerError, http.StatusServiceUnavailable}, r.errors...)
	if r.scope != open {
		out = append(out, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests)
	}
	out = append(out, http.StatusBadRequest) // an unknown parameter
	if r.in != nil {
		out = append(out, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	return out
}

func responses(s schemas, r route) object {
	out := object{}
	for _, status := range statuses(r) {
		content := object{mediaProblem: object{"schema": ref("Problem")}}
		if r.legacy {
			content[mediaProtoJSON] = object{"schema": ref("StatusLegacy")}
		}
		out[strconv.Itoa(status)] = object{"description": http.StatusText(status), "content": content}
	}
	if r.givesETag() {
		out["304"] = object{"description": "The client has this version."}
	}
	status, content := "200", object{}
	switch {
	case r.raw:
		content[mediaJSON] = object{"schema": object{"type": "object"}}
	case r.list:
		content[mediaJSON] = object{"schema": pageSchema(s, r.out)}
		if r.legacy {
			content[mediaProtoJSON] = object{"schema": object{"type": "string", "description": `Lines of {"result": …}.`}}
		}
	case r.out != nil:
		content[mediaJSON] = object{"schema": s.of(r.out)}
		if r.created {
			status = "201"
			out["200"] = object{"description": "Created, in plgd's dialect.", "content": object{mediaProtoJSON: object{"schema": object{"type": "object"}}}}
		}
	default:
		status = "204"
	}
	success := object{"description": "Done."}
	if len(content) > 0 {
		success["content"] = content
	}
	out[status] = success
	return out
}

func pageSchema(s schemas, item any) object {
	return object{
		"type": "object", "required": []string{"items", "nextPageToken"}, "additionalProperties": false,
		"properties": object{"items": object{"type": "array", "items": s.of(item)}, "nextPageToken": object{"type": "string"}},
	}
}

func problemSchema() object {
	text := object{"type": "string"}
	return object{
		"type": "object", "required": []string{"type", "title", "status", "detail", "code"}, "additionalProperties": false,
		"properties": object{
			"type": text, "title": text, "status": object{"type": "integer"}, "detail": text,
			"code":    object{"type": "string", "description": "The kind of error.", "enum": codes()},
			"version": object{"type": "string", "description": "Of a conflict: the object's version now."},
			"current": object{"type": "object", "description": "Of a conflict: the object now."},
			"differs": object{"type": "array", "items": text, "description": "Of a conflict: the fields in which the object now differs from what was sent."},
		},
	}
}

func legacyErrorSchema() object {
	return object{
		"type": "object", "required": []string{"code", "message", "details"}, "additionalProperties": false,
		"properties": object{"code": object{"type": "integer"}, "message": object{"type": "string"}, "details": object{"type": "array"}},
	}
}
