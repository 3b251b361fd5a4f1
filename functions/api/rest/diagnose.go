package rest

import (
	"context"
	"errors"
	"slices"

	"dps/functions/api/rest/plgd"
	"dps/shared/attestation"
	"dps/shared/contract"
	"dps/shared/dps"
)

// CandidateStore is what candidates are found in.
type CandidateStore interface {
	Generation(ctx context.Context) (uint64, error)
	GroupsByCA(ctx context.Context, nameHash string) ([]dps.EnrollmentGroup, error)
	Hub(ctx context.Context, id string) (dps.Hub, error)
}

// Candidates finds the groups that could let a device in: the enroll function.
type Candidates func(ctx context.Context, store CandidateStore, req contract.EnrollRequest) (contract.EnrollReply, error)

// DiagnoseRequest asks what would become of a device.
type DiagnoseRequest struct {
	Certificates string `json:"certificates" doc:"What the device presents, PEM, its own certificate first: as data:;base64,CONTENT or as it is; 1 to 10 certificates."`
}

// Diagnosis is the ingress's own decision, for the groups of the token's owner: those of others do not exist here.
type Diagnosis struct {
	LetIn        bool          `json:"letIn"`
	Rule         string        `json:"rule" doc:"The rule that refuses the device; empty where it is let in."`
	Detail       string        `json:"detail" doc:"What the rule saw."`
	Means        string        `json:"means" doc:"The rule in plain words."`
	Remedy       string        `json:"remedy" doc:"What to do."`
	GroupID      string        `json:"groupId" doc:"The enrollment group that lets it in, or that came closest."`
	GroupName    string        `json:"groupName"`
	RecordID     string        `json:"recordId" doc:"Id of the record that a device with this key has."`
	Certificates []Certificate `json:"certificates" doc:"What is presented, in the order given."`
}

// rulePending is a refusal that attestation does not know of: groups without proof are not asked.
const rulePending = "pending"

var advicePending = attestation.Advice{
	Means: "The group that it belongs to waits for the proof that its lead certificate's key is yours: its devices are refused until then.",
	Do:    "Prove it: dpsctl group prove ID, or have an administrator vouch for it: dpsctl group vouch ID.",
}

// diagnose decides about a chain as the ingress would, now; nothing is stored.
func (a *api) diagnose(x *exchange) (answer, error) {
	var sent DiagnoseRequest
	if err := x.decode(&sent); err != nil {
		return answer{}, err
	}
	chain, err := plgd.Certificates("certificates", sent.Certificates, dps.MaxGroupCertificates)
	if err != nil {
		return answer{}, err
	}
	out := Diagnosis{RecordID: dps.RecordID(chain[0].RawSubjectPublicKeyInfo)}
	for i, c := range chain {
		out.Certificates = append(out.Certificates, a.certificate(i, c, chain))
		out.Certificates[i].Problem = "" // these are no authorities, and need not be
	}
	if err := attestation.CheckBounds(chain); err != nil {
		return answer{object: out.refused(err, nil)}, nil
	}
	mine := &ownersGroups{Store: a.Store, owner: x.owner(), names: make(map[string]string)}
	groups, err := a.candidates(x.ctx(), mine, attestation.Issuers(chain))
	if err != nil {
		return answer{}, err
	}
	verdict, err := attestation.Judge(a.Now(), chain, groups)
	if err != nil {
		out = out.refused(err, mine.names)
		if out.Rule == string(attestation.RuleUnknownIssuer) {
			out, err = a.orPending(x.ctx(), out, x.owner(), attestation.Issuers(chain))
			if err != nil {
				return answer{}, err
			}
		}
		return answer{object: out}, nil
	}
	out.LetIn, out.GroupID, out.GroupName = true, verdict.Group.GroupID, mine.names[verdict.Group.GroupID]
	return answer{object: out}, nil
}

func (a *api) candidates(ctx context.Context, store CandidateStore, issuers []contract.Issuer) ([]*attestation.Group, error) {
	if a.Candidates == nil {
		return nil, dps.Errorf(dps.CodeUnavailable, "this service cannot look for enrollment groups")
	}
	reply, err := a.Candidates(ctx, store, contract.EnrollRequest{Issuers: issuers})
	if err != nil {
		return nil, err
	}
	var groups []*attestation.Group
	for _, c := range reply.Candidates {
		if g, err := attestation.Prepare(c); err == nil { // one that cannot be used lets nobody in, as in the ingress
			groups = append(groups, g)
		}
	}
	return groups, nil
}

// orPending looks for a group that would know the issuers, and waits for its proof: attestation never hears of those.
func (a *api) orPending(ctx context.Context, d Diagnosis, owner string, issuers []contract.Issuer) (Diagnosis, error) {
	for token, more := "", true; more; more = token != "" {
		page, next, err := a.Store.ListGroups(ctx, owner, dps.Page{Token: token})
		if err != nil {
			return d, err
		}
		for _, g := range page {
			if g.Challenge != "" && knows(g, issuers) {
				d.Rule, d.Detail, d.Means, d.Remedy = rulePending, "", advicePending.Means, advicePending.Do
				d.GroupID, d.GroupName = g.ID, g.Name
				return d, nil
			}
		}
		token = next
	}
	return d, nil
}

// knows tells whether one of the issuers is named as a certificate of the group's chain is.
func knows(g dps.EnrollmentGroup, issuers []contract.Issuer) bool {
	chain, err := g.X509.Certificates()
	if err != nil {
		return false
	}
	for _, c := range chain {
		hash := dps.NameHash(c.RawSubject)
		if slices.ContainsFunc(issuers, func(i contract.Issuer) bool { return i.NameHash == hash }) {
			return true
		}
	}
	return false
}

// refused fills in why; names are those of the owner's groups. Errors of attestation are all refusals.
func (d Diagnosis) refused(err error, names map[string]string) Diagnosis {
	var refusal *attestation.Refusal
	if !errors.As(err, &refusal) {
		return d
	}
	advice := refusal.Rule.Advice()
	d.Rule, d.Detail, d.Means, d.Remedy = string(refusal.Rule), refusal.Detail, advice.Means, advice.Do
	if len(refusal.GroupIDs) > 0 {
		d.GroupID, d.GroupName = refusal.GroupIDs[0], names[refusal.GroupIDs[0]]
	}
	return d
}

// ownersGroups are the groups of one owner, as candidates are looked for among them.
type ownersGroups struct {
	dps.Store
	owner string
	names map[string]string // of the groups found
}

// GroupsByCA implements CandidateStore.
func (o *ownersGroups) GroupsByCA(ctx context.Context, nameHash string) ([]dps.EnrollmentGroup, error) {
	all, err := o.Store.GroupsByCA(ctx, nameHash)
	if err != nil {
		return nil, err
	}
	var mine []dps.EnrollmentGroup
	for _, g := range all {
		if g.Owner != o.owner {
			continue
		}
		o.names[g.ID] = g.Name
		mine = append(mine, g)
	}
	return mine, nil
}
