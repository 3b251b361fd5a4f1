import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Problem } from '../api/problem'
import type { Hub } from '../api/types'
import { mergePatch, type JsonObject } from '../lib/diff'
import { draftOf, faultsOf, wantedOf, type HubDraft, type TLSDraft } from '../lib/hubdraft'
import { useAction, useLeaveWarning, useLoad } from '../lib/hooks'
import { hubName } from '../lib/names'
import { asPEM } from '../lib/pem'
import { navigate } from '../lib/router'
import { useSession } from '../lib/session'
import { Conflict } from '../ui/conflict'
import { AreaField, CheckField, SecretField, TextField } from '../ui/field'
import { Failure, Loading, Notice } from '../ui/feedback'
import { FileDrop } from '../ui/files'
import { PageHead } from '../ui/page'

/** HubForm creates a hub, or edits one. */
export function HubForm({ id }: { id?: string }) {
  const { api, canWrite } = useSession()
  const { data, error, reload } = useLoad(async (signal) => ({ base: id ? await api.hub(id, signal) : undefined }), [id])
  return (
    <>
      <PageHead title={id ? `Edit ${data?.base ? hubName(data.base) : 'hub'}` : 'Create a hub'} over={<a href={id ? `/hubs/${encodeURIComponent(id)}` : '/hubs'}>{id ? 'Back to the hub' : 'Hubs'}</a>} />
      {!canWrite ? <Notice tone="warning" title="You may only read">Your token does not allow changes.</Notice>
      : data ? <Form key={data.base?.version ?? ''} base={data.base} reload={reload} /> : <Loading error={error} retry={reload} what="The hub" />}
    </>
  )
}

function Form({ base, reload }: { base: Hub | undefined; reload: () => void }) {
  const { api, say } = useSession()
  const [draft, setDraft] = useState<HubDraft>(() => draftOf(base))
  const [faults, setFaults] = useState<ReturnType<typeof faultsOf>>({})
  const [conflict, setConflict] = useState<JsonObject | undefined>()
  const summary = useRef<HTMLDivElement>(null)
  const { busy, error, run } = useAction()
  const original = useMemo(() => JSON.stringify(draftOf(base)), [base])
  const change = (to: Partial<HubDraft>): void => setDraft((d) => ({ ...d, ...to }))
  useLeaveWarning(!busy && JSON.stringify(draft) !== original)
  useEffect(() => {
    if (Object.keys(faults).length > 0) summary.current?.focus()
  }, [faults])

  const update = async (old: Hub, wanted: JsonObject, version?: string): Promise<Hub> => {
    const patch = mergePatch(old as unknown as JsonObject, wanted)
    return patch ? api.changeHub(old.id, patch, version ?? old.version) : old
  }
  const save = (version?: string): Promise<void> => run(async () => {
    const wanted = wantedOf(draft, base)
    let stored: Hub
    try {
      stored = base ? await update(base, wanted, version) : await api.createHub(wanted)
    } catch (e) {
      if (!(e instanceof Problem) || !e.isConflict || !e.current || !base) throw e
      setConflict(e.current)
      return
    }
    say(base ? 'Saved.' : `${hubName(stored)} created. Test its connection now.`)
    navigate(`/hubs/${encodeURIComponent(stored.id)}`)
  })
  const submit = (event: Event): void => {
    event.preventDefault()
    const found = faultsOf(draft)
    setFaults(found)
    if (Object.keys(found).length === 0) void save()
  }
  return (
    <form class="form" onSubmit={submit} noValidate>
      {conflict && base && (
        <Conflict
          base={base as unknown as JsonObject} current={conflict} wanted={wantedOf(draft, base)} busy={busy}
          onReload={() => { setConflict(undefined); reload() }}
          onOverwrite={() => { setConflict(undefined); void save(String(conflict['version'] ?? '')) }}
        />
      )}
      <div ref={summary} tabIndex={-1}>
        {Object.keys(faults).length > 0 && <Notice tone="failed" alert title="Something is missing"><ul>{Object.values(faults).map((f) => <li key={f}>{f}</li>)}</ul></Notice>}
      </div>
      <Fields draft={draft} change={change} faults={faults} base={base} />
      <Failure error={error} title="Not saved" />
      <div class="form-actions sticky">
        <button type="submit" class="button primary" disabled={busy}>{busy ? 'Saving…' : base ? 'Save' : 'Create hub'}</button>
        <a class="button" href={base ? `/hubs/${encodeURIComponent(base.id)}` : '/hubs'}>Cancel</a>
      </div>
    </form>
  )
}

interface FieldsProps { draft: HubDraft; change: (to: Partial<HubDraft>) => void; faults: ReturnType<typeof faultsOf>; base: Hub | undefined }

function Fields({ draft: d, change, faults, base }: FieldsProps) {
  return (
    <>
      <div class="pair">
        <TextField label="Name" value={d.name} onInput={(name) => change({ name })} maxLength={256} hint="For people." />
        <TextField label="Hub id" mono required value={d.hubId} onInput={(hubId) => change({ hubId })} error={faults.hubId} hint="The hub’s UUID: the common name of its gateways’ certificates." />
      </div>
      <AreaField label="Gateways" rows={2} required value={d.gateways} onInput={(gateways) => change({ gateways })} error={faults.gateways} hint="One a line, the preferred one first." placeholder="coaps+tcp://hub.example.com:5684" />
      <details class="more" open={Boolean(d.caPool)}>
        <summary>Roots for devices</summary>
        <AreaField label="Roots that devices need to trust the gateways" value={d.caPool} onInput={(caPool) => change({ caPool })} hint="In PEM format. Only where the gateways’ certificates have another root than devices’ own." />
      </details>
      <fieldset>
        <legend>Certificate authority</legend>
        <TextField label="Address of the certificate authority" mono required value={d.address} onInput={(address) => change({ address })} error={faults.address} hint="HOST:PORT (gRPC). It signs devices’ identity certificates." />
        <TLSFields what="the certificate authority" draft={d.authorityTLS} change={(authorityTLS) => change({ authorityTLS })} keyStored={Boolean(base?.certificateAuthority?.grpc?.tls?.key)} />
      </fieldset>
      <fieldset>
        <legend>OAuth server</legend>
        <div class="pair">
          <TextField label="Provider name" required value={d.providerName} onInput={(providerName) => change({ providerName })} error={faults.providerName} hint="Devices tell it to the hub along with their token." />
          <TextField label="Address of the OAuth server" type="url" mono required value={d.authority} onInput={(authority) => change({ authority })} error={faults.authority} hint="Its issuer; /.well-known/openid-configuration is found below it." />
        </div>
        <div class="pair">
          <TextField label="Client id" required value={d.clientId} onInput={(clientId) => change({ clientId })} error={faults.clientId} />
          <SecretField label="Client secret" stored={Boolean(base?.authorization?.provider?.clientSecret)} value={d.clientSecret} onInput={(clientSecret) => change({ clientSecret })} remove={d.removeSecret} onRemove={(removeSecret) => change({ removeSecret })} />
        </div>
        <div class="pair">
          <TextField label="Scopes" value={d.scopes} onInput={(scopes) => change({ scopes })} hint="With spaces between them." />
          <TextField label="Audience" value={d.audience} onInput={(audience) => change({ audience })} />
        </div>
        <div class="pair">
          <TextField label="Owner claim" value={d.ownerClaim} onInput={(ownerClaim) => change({ ownerClaim })} hint="The claim in tokens that names the owner." />
          <TextField label="Device id claim" value={d.deviceIdClaim} onInput={(deviceIdClaim) => change({ deviceIdClaim })} hint="Where the token names the device too; else empty." />
        </div>
        <TLSFields what="the OAuth server" draft={d.providerTLS} change={(providerTLS) => change({ providerTLS })} keyStored={Boolean(base?.authorization?.provider?.http?.tls?.key)} />
      </fieldset>
    </>
  )
}

function TLSFields({ what, draft: d, change, keyStored }: { what: string; draft: TLSDraft; change: (d: TLSDraft) => void; keyStored: boolean }) {
  return (
    <details class="more" open={Boolean(d.caPool || d.cert || d.system || keyStored)}>
      <summary>TLS to {what}</summary>
      <CheckField label={`Trust the system’s authorities for ${what}`} checked={d.system} onInput={(system) => change({ ...d, system })} />
      <AreaField label={`Authorities to trust for ${what}`} rows={3} value={d.caPool} onInput={(caPool) => change({ ...d, caPool })} hint="In PEM format." />
      <AreaField label={`Client certificate for ${what}`} rows={3} value={d.cert} onInput={(cert) => change({ ...d, cert })} hint="In PEM format; what the service shows." />
      <FileDrop label={`Choose the certificate file for ${what}`} accept=".pem,.crt,.cer,.der" onFiles={([first]) => first && change({ ...d, cert: asPEM(first) })} />
      <SecretField label={`Private key for ${what}`} multiline stored={keyStored} value={d.key} onInput={(key) => change({ ...d, key })} remove={d.removeKey} onRemove={(removeKey) => change({ ...d, removeKey })} />
    </details>
  )
}
