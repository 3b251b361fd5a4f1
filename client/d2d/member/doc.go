// Package member is who the client is for devices, and how it came to be: a member of a security domain.
//
//	pre-shared key   generated at the first start, configured, or given         "Devices and single client"
//	self             user's token → CSR → signing service → identity certificate
//	userAgent        JWKS and token → CSR and state; the browser has it signed → certificate
//
// The three ways are those of plgd's client initialization. A Member is in one of them, or in none; a reset leads back to none.
// Private keys are made here, kept in the vault, and given to nobody but the package that reaches devices.
package member
