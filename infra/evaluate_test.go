package infra_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// evaluator makes a template's expressions plain, as CloudFormation would with the parameters. What only a deployment knows
// stays a name: "Key.Arn" is the attribute Arn of the resource Key.
type evaluator struct {
	t          testing.TB
	template   template
	parameters map[string]string
	// nested gives an output of a nested stack.
	nested func(stack, output string) any
}

// nothing is AWS::NoValue: what has it is left out.
type nothing struct{}

var pseudo = map[string]string{
	"AWS::Partition": "aws", "AWS::Region": "eu-central-1", "AWS::AccountId": "111122223333", "AWS::StackName": "dps",
	"AWS::URLSuffix": "amazonaws.com",
}

func (e *evaluator) value(v any) any {
	switch v := v.(type) {
	case object:
		if name, argument, ok := intrinsic(v); ok {
			return e.call(name, argument)
		}
		m := make(object, len(v))
		for k, x := range v {
			if y := e.value(x); y != (nothing{}) {
				m[k] = y
			}
		}
		return m
	case []any:
		all := []any{}
		for _, x := range v {
			if y := e.value(x); y != (nothing{}) {
				all = append(all, y)
			}
		}
		return all
	default:
		return v
	}
}

func intrinsic(m object) (name string, argument any, ok bool) {
	if len(m) != 1 {
		return "", nil, false
	}
	for k, v := range m {
		name, argument = k, v
	}
	if name == "Condition" { // in a policy it is a key of its own
		_, ok = argument.(string)
		return name, argument, ok
	}
	return name, argument, name == "Ref" || len(name) > 4 && name[:4] == "Fn::"
}

func (e *evaluator) call(name string, argument any) any {
	switch name {
	case "Ref":
		return e.ref(argument.(string))
	case "Fn::Sub":
		return e.sub(argument)
	case "Fn::GetAtt":
		pair := argument.([]any)
		return e.attribute(pair[0].(string), pair[1].(string))
	case "Fn::If":
		branches := argument.([]any)
		if e.condition(branches[0].(string)) {
			return e.value(branches[1])
		}
		return e.value(branches[2])
	case "Fn::Split":
		pair := argument.([]any)
		return split(e.value(pair[1]).(string), pair[0].(string))
	case "Fn::Select":
		return e.selected(argument.([]any))
	case "Fn::GetAZs", "Fn::Cidr":
		return name // of the network; nothing here asks for the value
	default:
		e.t.Fatalf("%s: %s is not understood", e.template.file, name)
		return nil
	}
}

// selected gives an element of a list, where only a deployment knows the list: of the network; nothing here asks for the value.
func (e *evaluator) selected(pair []any) any {
	all, ok := e.value(pair[1]).([]any)
	if !ok {
		return "Fn::Select"
	}
	i, err := strconv.Atoi(pair[0].(string))
	if err != nil || i >= len(all) {
		e.t.Errorf("%s: there is no element %v in %v", e.template.file, pair[0], all)
		return nil
	}
	return all[i]
}

func split(s, by string) []any {
	var all []any
	for part := range strings.SplitSeq(s, by) {
		all = append(all, part)
	}
	return all
}

func (e *evaluator) ref(name string) any {
	if name == "AWS::NoValue" {
		return nothing{}
	}
	if v, ok := pseudo[name]; ok {
		return v
	}
	if _, ok := e.template.Parameters[name]; ok {
		return e.parameter(name)
	}
	if _, ok := e.template.Resources[name]; !ok {
		e.t.Errorf("%s refers to %s, which is not there", e.template.file, name)
	}
	return name
}

func (e *evaluator) parameter(name string) string {
	if v, ok := e.parameters[name]; ok {
		return v
	}
	v, ok := e.template.Parameters[name]["Default"].(string)
	if !ok {
		e.t.Errorf("%s: parameter %s has no value", e.template.file, name)
	}
	return v
}

func (e *evaluator) attribute(resource, attribute string) any {
	declared, ok := e.template.Resources[resource]
	if !ok {
		e.t.Errorf("%s: there is no %s to get %s of", e.template.file, resource, attribute)
	}
	if output, ok := cut(attribute, "Outputs."); ok && declared["Type"] == "AWS::CloudFormation::Stack" {
		return e.nested(resource, output)
	}
	return resource + "." + attribute
}

var variable = regexp.MustCompile(`\$\{([A-Za-z0-9:.]+)\}`)

func (e *evaluator) sub(argument any) string {
	text, own := argument, object{}
	if pair, ok := argument.([]any); ok {
		text, own = pair[0], asObject(pair[1])
	}
	return variable.ReplaceAllStringFunc(text.(string), func(found string) string {
		name := found[2 : len(found)-1]
		var v any
		if x, ok := own[name]; ok {
			v = e.value(x)
		} else if resource, attribute, ok := cutAt(name, "."); ok {
			v = e.attribute(resource, attribute)
		} else {
			v = e.ref(name)
		}
		s, ok := v.(string)
		if !ok {
			e.t.Errorf("%s: %s is no text", e.template.file, found)
		}
		return s
	})
}

func (e *evaluator) condition(name string) bool {
	c, ok := e.template.Conditions[name]
	if !ok {
		e.t.Errorf("%s: there is no condition %s", e.template.file, name)
	}
	return e.holds(c)
}

func (e *evaluator) holds(c any) bool {
	name, argument, _ := intrinsic(asObject(c))
	switch name {
	case "Condition":
		return e.condition(argument.(string))
	case "Fn::Not":
		return !e.holds(argument.([]any)[0])
	case "Fn::And":
		for _, x := range argument.([]any) {
			if !e.holds(x) {
				return false
			}
		}
		return true
	case "Fn::Equals":
		pair := argument.([]any)
		return e.value(pair[0]) == e.value(pair[1])
	default:
		e.t.Fatalf("%s: condition with %s is not understood", e.template.file, name)
		return false
	}
}
