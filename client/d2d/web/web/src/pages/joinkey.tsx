import { useId, useMemo, useRef, useState } from 'preact/hooks'
import { useAction } from '@shared/lib/hooks'
import { navigate } from '@shared/lib/router'
import { Notice } from '@shared/ui/feedback'
import { CheckField, TextField } from '@shared/ui/field'
import { Copy } from '@shared/ui/files'
import { Facts } from '@shared/ui/page'
import { idFault, keyFault, newKey, newUUID } from '../lib/keys'
import { useSession } from '../lib/session'
import { JoinFailure } from '../ui/advice'
import { Join } from '../ui/join'

/** Draft is what the form holds. */
interface Draft {
  made: boolean
  id: string
  key: string
  save: boolean
}

/** JoinByKey gives the client a pre-shared key: a new one, or one that devices hold. */
export function JoinByKey() {
  return (
    <Join way="key">
      <KeyForm />
    </Join>
  )
}

function KeyForm() {
  const { api, refresh, say } = useSession()
  const [draft, setDraft] = useState<Draft>({ made: true, id: '', key: '', save: true })
  const [tried, setTried] = useState(false)
  const fresh = useMemo(() => ({ id: newUUID(), key: newKey() }), [])
  const { busy, error, run } = useAction()
  const form = useRef<HTMLFormElement>(null)
  const change = (to: Partial<Draft>): void => setDraft((d) => ({ ...d, ...to }))
  const faults = draft.made ? {} : { id: idFault(draft.id), key: keyFault(draft.key) }
  const shown = tried ? faults : {}

  const join = async (): Promise<void> => {
    const { id, key } = draft.made ? fresh : draft
    await api.initializeByKey(id.trim(), key, draft.save)
    await refresh()
    say('The client is a member now.')
    navigate('/')
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    setTried(true)
    if (faults.id || faults.key) requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus())
    else void run(join)
  }
  return (
    <form class="form" ref={form} onSubmit={submit} noValidate>
      <fieldset>
        <legend>The key</legend>
        <Choice
          checked={draft.made}
          onInput={() => change({ made: true })}
          label="Make a new one"
          hint="For devices that nobody owns yet: you own them with this client, and it gives them the key."
        />
        <Choice
          checked={!draft.made}
          onInput={() => change({ made: false })}
          label="Use one that devices hold"
          hint="For devices that were provisioned with a key: the one of their enrollment group, under the id of their owner. Or for those of another client that is gone."
        />
        {draft.made ? <Fresh id={fresh.id} secret={fresh.key} /> : <Known draft={draft} change={change} faults={shown} />}
      </fieldset>
      <fieldset>
        <legend>Keep it?</legend>
        <CheckField
          label="Keep the key on the client, encrypted"
          hint="Without this the client forgets it when it ends, and is nobody after its next start."
          checked={draft.save}
          onInput={(save) => change({ save })}
        />
        {!draft.save && draft.made && (
          <Notice tone="warning" title="Copy the key first">
            <p>It would be lost with the next restart, and devices that hold it would need a factory reset.</p>
          </Notice>
        )}
      </fieldset>
      <JoinFailure error={error} title="The client did not take the key" />
      <div class="form-actions">
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? 'One moment…' : 'Use this key'}
        </button>
        <a class="button" href="/">
          Cancel
        </a>
      </div>
    </form>
  )
}

function Choice({ checked, onInput, label, hint }: { checked: boolean; onInput: () => void; label: string; hint: string }) {
  const id = useId()
  return (
    <div class="check">
      <input type="radio" name="origin" id={id} checked={checked} onInput={onInput} aria-describedby={`${id}-hint`} />
      <div>
        <label for={id}>{label}</label>
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      </div>
    </div>
  )
}

/** Fresh says what this browser has made. The key can be copied; it is not shown to whoever looks over the shoulder. */
function Fresh({ id, secret }: { id: string; secret: string }) {
  const { say } = useSession()
  return (
    <>
      <Facts
        items={[
          ['Id', <code class="wrap">{id}</code>],
          ['Key', <Copy text={secret} what="the key" say={say} />],
        ]}
      />
      <p class="hint">
        This browser has made both, at random. Copy the key if you want it in another place, too: once the client has it, nobody can get it
        out again.
      </p>
    </>
  )
}

function Known({
  draft,
  change,
  faults,
}: {
  draft: Draft
  change: (to: Partial<Draft>) => void
  faults: { id?: string | undefined; key?: string | undefined }
}) {
  return (
    <>
      <TextField
        label="Id"
        hint="The UUID that devices know their owner by."
        value={draft.id}
        onInput={(id) => change({ id })}
        error={faults.id}
        mono
        required
      />
      <TextField
        label="Key"
        hint="16 characters, or data:;base64, and 16 bytes."
        type="password"
        value={draft.key}
        onInput={(key) => change({ key })}
        error={faults.key}
        mono
        required
      />
    </>
  )
}
