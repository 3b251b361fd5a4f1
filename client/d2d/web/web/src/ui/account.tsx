import { useEffect, useRef, useState } from 'preact/hooks'
import { formatDateTime } from '@shared/lib/format'
import { Icon } from '@shared/ui/icons'
import { Facts } from '@shared/ui/page'
import { useSession } from '../lib/session'

/** Account says who is logged in, and lets him in or out. Where nobody can log in there is only what this program is. */
export function Account() {
  const { person, config, canLogIn, logIn, logOut } = useSession()
  const [open, setOpen] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!open) return
    const outside = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false)
    }
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      setOpen(false)
      button.current?.focus()
    }
    document.addEventListener('pointerdown', outside)
    document.addEventListener('focusin', outside)
    document.addEventListener('keydown', escape)
    return () => {
      document.removeEventListener('pointerdown', outside)
      document.removeEventListener('focusin', outside)
      document.removeEventListener('keydown', escape)
    }
  }, [open])
  const name = person ? person.name || person.owner || 'somebody' : 'nobody'
  return (
    <div class="account" ref={box}>
      <button
        type="button"
        ref={button}
        class="button quiet"
        aria-expanded={open}
        aria-controls="account"
        aria-label={person ? `Logged in as ${name}` : 'Log in: nobody is logged in'}
        onClick={() => setOpen(!open)}
      >
        <Icon name="user" />
        <span class="account-name">{person ? name : 'Log in'}</span>
      </button>
      <div id="account" class="account-panel" hidden={!open}>
        <Facts
          items={[
            ['Logged in', name],
            ['Owner', person?.owner],
            ['Session ends', person?.expiresAt && formatDateTime(person.expiresAt)],
            ['Client', config.buildInfo.version],
          ]}
        />
        {person ? (
          <button type="button" class="button" onClick={logOut}>
            Log out
          </button>
        ) : canLogIn ? (
          <button type="button" class="button primary" onClick={logIn}>
            Log in
          </button>
        ) : (
          <p class="hint">This client’s configuration has no log-in.</p>
        )}
        <p class="hint">
          <a href="/licenses.txt" target="_blank" rel="noopener">
            Licenses
          </a>
        </p>
      </div>
    </div>
  )
}
