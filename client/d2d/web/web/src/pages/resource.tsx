import { useRef, useState } from 'preact/hooks'
import { useAction, useLeaveWarning, useLoad } from '@shared/lib/hooks'
import type { Json } from '@shared/lib/json'
import { usePlace } from '@shared/lib/router'
import { Loading } from '@shared/ui/feedback'
import { AreaField, SelectField } from '@shared/ui/field'
import { PageHead, Section } from '@shared/ui/page'
import { editable, parse, print } from '../lib/jsontext'
import { useSession } from '../lib/session'
import { reasonOf } from '../lib/reasons'
import { DeviceFailure } from '../ui/advice'

/** Resource reads one resource of a device, and changes it. */
export function Resource({ id }: { id: string }) {
  const { query } = usePlace()
  const href = query.get('href') ?? ''
  const back = `/devices/${encodeURIComponent(id)}`
  if (!href.startsWith('/')) {
    return (
      <PageHead title="Nothing here" over={<a href={back}>Device</a>}>
        The address names no resource.
      </PageHead>
    )
  }
  return <Known key={href} id={id} href={href} back={back} />
}

function Known({ id, href, back }: { id: string; href: string; back: string }) {
  const { api } = useSession()
  const [by, setBy] = useState('')
  const { data, error, reload } = useLoad(async (signal) => ({ value: await api.read(id, href, by, signal) }), [id, href, by])
  return (
    <>
      <PageHead title={href} over={<a href={back}>Device {id}</a>} />
      <Section
        title="What it says"
        id="value"
        actions={
          <button type="button" class="button small" onClick={reload}>
            Read again
          </button>
        }
      >
        <Interfaces id={id} href={href} by={by} setBy={setBy} />
        {reasonOf(error) ? <DeviceFailure error={error} title="" /> : null}
        {data ? (
          <pre class="value" tabIndex={0} aria-label={`What ${href} says`}>
            {print(data.value)}
          </pre>
        ) : (
          !reasonOf(error) && <Loading error={error} retry={reload} what="The resource" />
        )}
      </Section>
      {data && <Change key={print(data.value)} id={id} href={href} value={data.value} done={reload} />}
    </>
  )
}

/** Interfaces lets the resource be read by another of its interfaces; nothing where the device names but one. */
function Interfaces({ id, href, by, setBy }: { id: string; href: string; by: string; setBy: (by: string) => void }) {
  const { api } = useSession()
  const { data } = useLoad((signal) => api.links(id, signal), [id])
  const all = data?.find((l) => l.href === href)?.interfaces ?? []
  if (all.length < 2) return null
  return (
    <SelectField
      label="Interface"
      hint="Another view of the same resource."
      value={by}
      onInput={setBy}
      options={[['', 'its default'], ...all.map((n): [string, string] => [n, n])]}
    />
  )
}

/** Change edits the value as JSON. */
function Change({ id, href, value, done }: { id: string; href: string; value: Json; done: () => void }) {
  const { api, say } = useSession()
  const original = print(editable(value))
  const [text, setText] = useState(original)
  const [tried, setTried] = useState(false)
  const { busy, error, run } = useAction()
  const form = useRef<HTMLFormElement>(null)
  useLeaveWarning(!busy && text !== original)
  const parsed = parse(text)
  const submit = (event: Event): void => {
    event.preventDefault()
    setTried(true)
    if (parsed.fault !== undefined) {
      form.current?.querySelector('textarea')?.focus()
      return
    }
    void run(async () => {
      await api.update(id, href, parsed.value)
      say(`${href} is changed.`)
      done()
    })
  }
  return (
    <Section title="Change it" id="change">
      <form ref={form} class="form" onSubmit={submit} noValidate>
        <AreaField
          label="New value"
          hint="JSON. What you leave out stays as it is."
          value={text}
          onInput={setText}
          rows={Math.min(16, Math.max(4, text.split('\n').length))}
          error={tried ? parsed.fault : undefined}
        />
        <DeviceFailure error={error} title="The value was not taken" />
        <div class="form-actions">
          <button type="submit" class="button primary" disabled={busy}>
            {busy ? 'Sending…' : 'Send'}
          </button>
          <button type="button" class="button" disabled={text === original} onClick={() => setText(original)}>
            Discard
          </button>
        </div>
      </form>
    </Section>
  )
}
