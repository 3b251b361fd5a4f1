package rest

import (
	"net/http"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

// one answers an object, with its version as ETag.
func one[T any](r resource[T], v T) answer {
	return answer{object: r.wire(v), etag: etag(r.meta(v).version)}
}

// fetched answers the object that the path names, or that the client has it already.
func fetched[T any](x *exchange, r resource[T]) (answer, error) {
	v, err := r.load(x.ctx(), x.owner(), x.id())
	if err != nil {
		return answer{}, err
	}
	ans := one(r, v)
	if notModified(x.r, ans.etag) {
		return answer{status: http.StatusNotModified, etag: ans.etag}, nil
	}
	return ans, nil
}

// made answers a new object. plgd's clients want 200.
func made[T any](x *exchange, r resource[T], v T) answer {
	ans := one(r, v)
	if x.dialect.extended {
		ans.status, ans.location = http.StatusCreated, x.r.URL.Path+"/"+r.meta(v).id
	}
	return ans
}

// removeOne deletes the object that the path names.
func removeOne[T any](x *exchange, a *api, r resource[T], allowed func(T) error) (answer, error) {
	v, err := r.load(x.ctx(), x.owner(), x.id())
	if err != nil {
		return answer{}, err
	}
	if err := matches(x, r, v, nil); err != nil {
		return answer{}, err
	}
	if err := allowed(v); err != nil {
		return answer{}, err
	}
	if err := drop(x.ctx(), a, r, v); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// removeAll deletes what passes the filter: everything where there is none, as plgd has it. A filter that names nothing the
// owner has is an error.
func removeAll[T any](x *exchange, a *api, r resource[T], keep filter[T], allowed func(T) error) (answer, error) {
	var doomed []T
	err := r.candidates(x).each(x.ctx(), func(v T) error {
		if !keep(v) {
			return nil
		}
		doomed = append(doomed, v)
		return allowed(v)
	})
	if err != nil {
		return answer{}, err
	}
	if len(doomed) == 0 && !x.query.empty() {
		return answer{}, dps.Errorf(dps.CodeNotFound, "no %s passes the filter", r.noun)
	}
	for _, v := range doomed {
		if err := drop(x.ctx(), a, r, v); err != nil {
			return answer{}, err
		}
	}
	return answer{object: plgd.Deleted{Count: int64(len(doomed))}}, nil
}

// sameID refuses a body that names another object, or another owner, than the request.
func sameID(x *exchange, id, owner string) error {
	switch {
	case !x.dialect.extended: // plgd ignores both
	case id != "" && id != x.id():
		return dps.Errorf(dps.CodeInvalid, "id: is not the one in the path; leave it out")
	case owner != "" && owner != x.owner():
		return dps.Errorf(dps.CodeInvalid, "owner: is the token's; leave it out")
	}
	return nil
}

func anybody[T any](T) error { return nil }
