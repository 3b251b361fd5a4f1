import { useEffect, useRef, useState } from 'preact/hooks'
import { formatDateTime } from '@shared/lib/format'
import { useSession } from '../lib/session'
import { Icon } from '@shared/ui/icons'
import { Facts } from '@shared/ui/page'

const accesses = { none: 'nothing', read: 'Read only', write: 'Read and write', admin: 'Administrator' }

/** AccountMenu says who is logged in, what that allows, until when, and lets him out. */
export function AccountMenu({ logOut }: { logOut: () => void }) {
  const { me, expiresAt, api } = useSession()
  const [open, setOpen] = useState(false)
  const [version, setVersion] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    if (!open) return
    api.build().then(
      (b) => setVersion(b.version ?? ''),
      () => setVersion(''),
    )
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
  const name = me.name || me.subject || me.owner || 'Account'
  return (
    <div class="account" ref={box}>
      <button
        type="button"
        ref={button}
        class="button quiet"
        aria-expanded={open}
        aria-controls="account"
        aria-label={`Account: ${name}`}
        onClick={() => setOpen(!open)}
      >
        <Icon name="user" />
        <span class="account-name">{name}</span>
      </button>
      <div id="account" class="account-panel" hidden={!open}>
        <Facts
          items={[
            ['Name', name],
            ['Owner', me.owner],
            ['Access', accesses[me.access ?? 'none']],
            ['Session ends', expiresAt && formatDateTime(expiresAt)],
            ['Service', version],
          ]}
        />
        <button type="button" class="button" onClick={logOut}>
          Log out
        </button>
        <p class="hint">
          <a href="/licenses.txt" target="_blank" rel="noopener">
            Licenses
          </a>
        </p>
      </div>
    </div>
  )
}
