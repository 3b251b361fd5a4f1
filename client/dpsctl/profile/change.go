package profile

import (
	"slices"

	"dps/shared/dps"
)

// LoggedIn keeps a context with its session, in the place of one of its name, and makes it the current one. Errors: CodeInvalid,
// CodeUnavailable.
func (p Profile) LoggedIn(c Context, s Session) error {
	if err := CheckName(c.Name); err != nil {
		return err
	}
	if err := p.LogOut(c.Name); err != nil { // at no time are tokens beside another server than their own
		return err
	}
	err := p.change(func(all *config) error {
		all.Contexts = append(slices.DeleteFunc(all.Contexts, named(c.Name)), c)
		all.Current = c.Name
		return nil
	})
	if err != nil {
		return err
	}
	return p.SetSession(c.Name, s)
}

// Use makes a context the current one. Errors: CodeNotFound.
func (p Profile) Use(name string) error {
	return p.change(func(all *config) error {
		if !slices.ContainsFunc(all.Contexts, named(name)) {
			return dps.Errorf(dps.CodeNotFound, "there is no context %.80q: dpsctl context list shows those that are", name)
		}
		all.Current = name
		return nil
	})
}

// Delete forgets a context and its session. Errors: CodeNotFound.
func (p Profile) Delete(name string) error {
	if err := p.LogOut(name); err != nil {
		return err
	}
	return p.change(func(all *config) error {
		kept := slices.DeleteFunc(slices.Clone(all.Contexts), named(name))
		if len(kept) == len(all.Contexts) {
			return dps.Errorf(dps.CodeNotFound, "there is no context %.80q: dpsctl context list shows those that are", name)
		}
		if all.Contexts = kept; all.Current == name {
			all.Current = ""
		}
		return nil
	})
}

func named(name string) func(Context) bool { return func(c Context) bool { return c.Name == name } }

func (p Profile) change(do func(*config) error) error {
	var c config
	if err := p.read(fileConfig, &c); err != nil {
		return err
	}
	if err := do(&c); err != nil {
		return err
	}
	return p.write(fileConfig, c)
}

// Session gives the tokens of a context; ok is false where there are none.
func (p Profile) Session(name string) (s Session, ok bool, err error) {
	var c credentials
	if err := p.read(fileCredentials, &c); err != nil {
		return Session{}, false, err
	}
	s, ok = c.Sessions[name]
	return s, ok, nil
}

// SetSession keeps the tokens of a context.
func (p Profile) SetSession(name string, s Session) error {
	var c credentials
	if err := p.read(fileCredentials, &c); err != nil {
		return err
	}
	if c.Sessions == nil {
		c.Sessions = make(map[string]Session)
	}
	c.Sessions[name] = s
	return p.write(fileCredentials, c)
}

// LogOut forgets the tokens of a context; where there are none, there is nothing to do.
func (p Profile) LogOut(name string) error {
	var c credentials
	if err := p.read(fileCredentials, &c); err != nil {
		return err
	}
	if _, ok := c.Sessions[name]; !ok {
		return nil
	}
	delete(c.Sessions, name)
	return p.write(fileCredentials, c)
}
