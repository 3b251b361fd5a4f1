package telemetry

import (
	"strings"
	"unicode"
)

// secretWords are the words that make a key the name of a secret, wherever they stand in it.
var secretWords = map[string]bool{
	"token": true, "tokens": true, "jwt": true, "bearer": true, "authorization": true, "cookie": true, "cookies": true,
	"secret": true, "secrets": true, "password": true, "passwd": true, "passphrase": true, "pwd": true, "pin": true,
	"psk": true, "apikey": true, "privatekey": true, "presharedkey": true, "privatedata": true, "accesstoken": true,
	"refreshtoken": true, "clientsecret": true, "credential": true, "credentials": true,
}

// keyWords before "key" make it a secret's name; a manufacturer's key id or a cache key is none.
var keyWords = map[string]bool{
	"private": true, "shared": true, "secret": true, "api": true, "access": true, "signing": true, "session": true, "encryption": true,
}

// harmless are last words that say something about a secret, not what it is.
var harmless = map[string]bool{
	"id": true, "ids": true, "name": true, "names": true, "ref": true, "reference": true, "type": true, "kind": true, "count": true,
	"expiry": true, "expires": true, "length": true, "size": true, "version": true, "endpoint": true, "url": true, "function": true,
	"hash": true, "status": true, "state": true,
}

// namesSecret tells whether a value under the key must not be written. accessToken, access_token, Access-Token and accesstoken
// do; tokenExpiry, secretName and keyId do not.
func namesSecret(key string) bool {
	words := wordsOf(key)
	if len(words) == 0 || len(words) > 1 && harmless[words[len(words)-1]] {
		return false
	}
	for i, w := range words {
		switch {
		case secretWords[w]:
			return true
		case w == "key" && i > 0 && keyWords[words[i-1]]:
			return true
		case w == "key" && i+1 < len(words) && words[i+1] == "material":
			return true
		}
	}
	return false
}

// wordsOf splits at everything that is no letter or digit, and before capitals: "clientSecret", "client_secret".
func wordsOf(key string) []string {
	var b strings.Builder
	var before rune
	for i, r := range key {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			r = ' '
		case unicode.IsUpper(r) && (unicode.IsLower(before) || startsWord(key[i:]) && unicode.IsUpper(before)):
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
		before = r
	}
	return strings.Fields(b.String())
}

// startsWord tells whether the capital at the start of s is followed by a small letter, as the S of "PSKSecret".
func startsWord(s string) bool { return len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' }
