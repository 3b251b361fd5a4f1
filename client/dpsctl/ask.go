package dpsctl

import (
	"bufio"
	"fmt"
	"strings"

	"dps/shared/dps"
)

// ask puts a question that only y or yes affirms. Errors: CodeConflict where the answer is another, or there is none.
func (s *session) ask(question string) error {
	if _, err := fmt.Fprintf(s.Err, "%s [y/N] ", question); err != nil {
		return err
	}
	answer, err := bufio.NewReader(s.In).ReadString('\n')
	if a := strings.ToLower(strings.TrimSpace(answer)); a == "y" || a == "yes" {
		return nil
	}
	if err != nil {
		_, _ = fmt.Fprintln(s.Err)
	}
	return dps.Errorf(dps.CodeConflict, "declined: nothing was changed (answer y, or give --yes, to go on)")
}
