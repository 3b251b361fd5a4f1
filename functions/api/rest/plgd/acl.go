package plgd

// ACL is the access control the device was given.
type ACL struct {
	Status            *Status         `json:"status"`
	AccessControlList []AccessControl `json:"accessControlList"`
}

// AccessControl lets one subject do something with some resources.
type AccessControl struct {
	DeviceSubject     *DeviceSubject     `json:"deviceSubject"`
	RoleSubject       *RoleID            `json:"roleSubject"`
	ConnectionSubject *ConnectionSubject `json:"connectionSubject"`
	Permissions       []string           `json:"permissions" enum:"CREATE,READ,WRITE,DELETE,NOTIFY"`
	Resources         []Resource         `json:"resources"`
}

// DeviceSubject is a device, a hub or an owner by its id.
type DeviceSubject struct {
	DeviceID string `json:"deviceId"`
}

// ConnectionSubject is whoever comes by such a connection.
type ConnectionSubject struct {
	Type string `json:"type" enum:"ANON_CLEAR,AUTH_CRYPT"`
}

// Resource is a resource of a device, or several by a wildcard.
type Resource struct {
	Href          string   `json:"href"`
	ResourceTypes []string `json:"resourceTypes"`
	Interfaces    []string `json:"interfaces"`
	Wildcard      string   `json:"wildcard" enum:"NONE,NONCFG_SEC_ENDPOINT,NONCFG_NONSEC_ENDPOINT,NONCFG_ALL"`
}
