package api

import (
	"strconv"
	"time"

	"dps/shared/dps"
)

// record is a provisioning record on the wire; times in nanoseconds since 1970.
type record struct {
	ID             string       `json:"id"`
	DeviceID       string       `json:"deviceId"`
	GroupID        string       `json:"enrollmentGroupId"`
	Owner          string       `json:"owner"`
	Created        int64        `json:"creationDate,string"`
	Updated        int64        `json:"updatedDate,string"`
	LocalEndpoints []string     `json:"localEndpoints"`
	Attestation    *attested    `json:"attestation"`
	Time           *status      `json:"plgdTime"`
	Ownership      *ownership   `json:"ownership"`
	Cloud          *cloud       `json:"cloud"`
	Credential     *credentials `json:"credential"`
	ACL            *acl         `json:"acl"`
}

// status is how a step ended.
type status struct {
	Date         int64  `json:"date,string"`
	CoAPCode     int    `json:"coapCode"`
	ErrorMessage string `json:"errorMessage"`
}

type attested struct {
	Date         int64  `json:"date,string"`
	ErrorMessage string `json:"errorMessage"`
	X509         *struct {
		CertificatePEM string `json:"certificatePem"`
		CommonName     string `json:"commonName"`
	} `json:"x509"`
}

type ownership struct {
	Status *status `json:"status"`
	Owner  string  `json:"owner"`
}

type cloud struct {
	Status          *status       `json:"status"`
	ProviderName    string        `json:"providerName"`
	Gateways        []dps.Gateway `json:"gateways"`
	SelectedGateway int           `json:"selectedGateway"`
}

// domain gives the record in the service's type. What the API does not tell (event ids, the device's address) stays empty.
func (r record) domain() dps.Record {
	out := dps.Record{
		ID: r.ID, Owner: r.Owner, GroupID: r.GroupID, DeviceID: r.DeviceID, Created: at1970(r.Created), Updated: at1970(r.Updated),
		LocalEndpoints: r.LocalEndpoints, Steps: make(map[dps.Step]dps.StepResult, 6),
	}
	r.attestation(out.Steps)
	r.step(out.Steps, dps.StepTime, r.Time, nil)
	if s := r.Ownership; s != nil {
		r.step(out.Steps, dps.StepOwnership, s.Status, func(to *dps.StepResult) {
			if s.Owner != "" {
				to.Ownership = &dps.OwnershipDetail{Owner: s.Owner}
			}
		})
	}
	if s := r.Cloud; s != nil {
		r.step(out.Steps, dps.StepCloudConfiguration, s.Status, func(to *dps.StepResult) {
			if s.ProviderName != "" || len(s.Gateways) > 0 {
				to.Cloud = &dps.CloudDetail{ProviderName: s.ProviderName, Gateways: s.Gateways, SelectedGateway: s.SelectedGateway}
			}
		})
	}
	if s := r.Credential; s != nil {
		r.step(out.Steps, dps.StepCredentials, s.Status, func(to *dps.StepResult) { to.Credential = s.domain() })
	}
	if s := r.ACL; s != nil {
		r.step(out.Steps, dps.StepACLs, s.Status, func(to *dps.StepResult) { to.ACL = s.domain() })
	}
	return out
}

func (r record) attestation(steps map[dps.Step]dps.StepResult) {
	a := r.Attestation
	if a == nil {
		return
	}
	r.step(steps, dps.StepAttestation, &status{Date: a.Date, ErrorMessage: a.ErrorMessage}, func(to *dps.StepResult) {
		if a.X509 != nil {
			to.Attestation = &dps.AttestationDetail{CertificatePEM: a.X509.CertificatePEM, CommonName: a.X509.CommonName}
		}
	})
}

func (r record) step(steps map[dps.Step]dps.StepResult, step dps.Step, s *status, detail func(*dps.StepResult)) {
	if s == nil {
		return
	}
	result := dps.StepResult{
		Time: at1970(s.Date), RecordID: r.ID, GroupID: r.GroupID, Owner: r.Owner, DeviceID: r.DeviceID, Step: step,
		CoAPCode: codeText(s.CoAPCode), ErrorMessage: s.ErrorMessage,
	}
	if detail != nil {
		detail(&result)
	}
	steps[step] = result
}

// codeText gives 69 as "2.05": the class in the upper three bits (RFC 7252 §3).
func codeText(n int) string {
	if n <= 0 || n > 0xff {
		return ""
	}
	detail := strconv.Itoa(n & 0x1f)
	if len(detail) == 1 {
		detail = "0" + detail
	}
	return strconv.Itoa(n>>5) + "." + detail
}

func at1970(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}
