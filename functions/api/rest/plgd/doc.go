// Package plgd holds the objects of the operators' API as plgd's clients know them (PROTOCOL §8), and writes and reads them as
// JSON in the forms of protobuf (https://protobuf.dev/programming-guides/json): lowerCamelCase names, 64-bit integers as
// text, enumerations by name, bytes in base64.
//
// Fields that plgd does not have carry the tag wire:"ext": plgd's clients neither see nor send them. wire:"ro" marks what a
// client reads but does not set, enum:"A,B" the names of an enumeration, its zero first.
package plgd
