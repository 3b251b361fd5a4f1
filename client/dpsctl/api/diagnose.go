package api

import (
	"context"
	"net/http"
)

// Diagnosis is what would become of a device.
type Diagnosis struct {
	LetIn        bool          `json:"letIn"`
	Rule         string        `json:"rule"`
	Detail       string        `json:"detail"`
	Means        string        `json:"means"`
	Remedy       string        `json:"remedy"`
	GroupID      string        `json:"groupId"`
	GroupName    string        `json:"groupName"`
	RecordID     string        `json:"recordId"`
	Certificates []Certificate `json:"certificates"`
}

// Certificate is what one certificate says.
type Certificate struct {
	Subject   string `json:"subject"`
	Issuer    string `json:"issuer"`
	NotBefore string `json:"notBefore"`
	NotAfter  string `json:"notAfter"`
}

// Diagnose asks what would become of a device that presents the certificates, PEM, its own first. Errors: CodeInvalid where they are none.
func (c *Client) Diagnose(ctx context.Context, certificates string) (d Diagnosis, err error) {
	err = c.do(ctx, request{method: http.MethodPost, path: "/api/v1/diagnoses", body: map[string]string{"certificates": certificates}}, &d)
	return d, err
}
