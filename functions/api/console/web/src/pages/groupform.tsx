import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { Problem } from '../api/problem'
import type { Group } from '../api/types'
import { at, mergePatch, type JsonObject } from '../lib/diff'
import { draftOf, faultsOf, policies, wantedOf, type GroupDraft } from '../lib/groupdraft'
import { useAction, useLeaveWarning, useLoad } from '../lib/hooks'
import { groupName } from '../lib/names'
import { navigate } from '../lib/router'
import { useSession } from '../lib/session'
import { Conflict } from '../ui/conflict'
import { CheckField, SecretField, SelectField, TextField } from '../ui/field'
import { Failure, Loading, Notice } from '../ui/feedback'
import { PageHead } from '../ui/page'
import { CertificateInput } from './groupcertificates'
import { HubChoice } from './hubchoice'
import { Restrictions } from './grouprestrictions'

/** GroupForm creates an enrollment group, or edits one. */
export function GroupForm({ id }: { id?: string }) {
  const { api, canWrite } = useSession()
  const { data, error, reload } = useLoad(async (signal) => ({ base: id ? await api.group(id, signal) : undefined }), [id])
  const title = id ? `Edit ${data?.base ? groupName(data.base) : 'enrollment group'}` : 'Create an enrollment group'
  return (
    <>
      <PageHead title={title} over={<a href={id ? `/groups/${encodeURIComponent(id)}` : '/groups'}>{id ? 'Back to the group' : 'Enrollment groups'}</a>} />
      {!canWrite ? <Notice tone="warning" title="You may only read">Your token does not allow changes.</Notice>
      : data ? <Form key={data.base?.version ?? ''} base={data.base} reload={reload} /> : <Loading error={error} retry={reload} what="The group" />}
    </>
  )
}

/** useReprovisioning gives what the running server offers for a group's reprovisioning. */
function useReprovisioning(): string[] {
  const { api } = useSession()
  const { data } = useLoad(() => api.openAPI(), [])
  const schemas = at(data, 'components.schemas')
  if (typeof schemas !== 'object' || schemas === null || Array.isArray(schemas)) return []
  for (const schema of Object.values(schemas)) {
    const offered = at(schema, 'properties.reprovisioning.enum')
    if (Array.isArray(offered)) return offered.filter((v): v is string => typeof v === 'string')
  }
  return []
}

function Form({ base, reload }: { base: Group | undefined; reload: () => void }) {
  const { api, say } = useSession()
  const [draft, setDraft] = useState<GroupDraft>(() => draftOf(base))
  const [faults, setFaults] = useState<ReturnType<typeof faultsOf>>({})
  const [conflict, setConflict] = useState<JsonObject | undefined>()
  const summary = useRef<HTMLDivElement>(null)
  const { busy, error, run } = useAction()
  const offered = useReprovisioning()
  const original = useMemo(() => JSON.stringify(draftOf(base)), [base])
  const change = (to: Partial<GroupDraft>): void => setDraft((d) => ({ ...d, ...to }))
  useLeaveWarning(!busy && JSON.stringify(draft) !== original)
  useEffect(() => {
    if (Object.keys(faults).length > 0) summary.current?.focus()
  }, [faults])

  const save = (version?: string): Promise<void> => run(async () => {
    const wanted = wantedOf(draft, base)
    let stored: Group | undefined
    try {
      stored = base ? await update(base, wanted, version) : await api.createGroup(wanted)
    } catch (e) {
      if (!(e instanceof Problem) || !e.isConflict || !e.current || !base) throw e
      setConflict(e.current)
      return
    }
    say(base ? 'Saved.' : `${groupName(stored)} created.`)
    navigate(`/groups/${encodeURIComponent(stored.id)}`)
  })
  const update = async (old: Group, wanted: JsonObject, version?: string): Promise<Group> => {
    const patch = mergePatch(old as unknown as JsonObject, wanted)
    return patch ? api.changeGroup(old.id, patch, version ?? old.version) : old
  }
  const submit = (event: Event): void => {
    event.preventDefault()
    const found = faultsOf(draft)
    setFaults(found)
    if (Object.keys(found).length === 0) void save()
  }
  const cancel = base ? `/groups/${encodeURIComponent(base.id)}` : '/groups'
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
      <TextField label="Name" value={draft.name} onInput={(name) => change({ name })} maxLength={256} hint="For people. Devices never see it." />
      <CertificateInput pem={draft.pem} lead={draft.lead} fault={faults.pem} change={change} />
      <HubChoice chosen={draft.hubIds} fault={faults.hubIds} change={(hubIds) => change({ hubIds })} />
      <fieldset>
        <legend>Devices</legend>
        <CheckField label="Enabled" hint="Otherwise all devices of this group are refused." checked={!draft.disabled} onInput={(on) => change({ disabled: !on })} />
        <CheckField label="Forgive expired device certificates" hint="Only the device’s own certificate, never an authority’s. For devices that lay in a store for years." checked={draft.expired} onInput={(expired) => change({ expired })} />
        <CheckField label="Demand the extended key usage clientAuth" checked={draft.eku} onInput={(eku) => change({ eku })} />
        {offered.length > 0 && (
          <SelectField label="Provisioning again" hint="What happens when a device that was provisioned comes back." value={draft.reprovisioning || offered[0] || ''} onInput={(reprovisioning) => change({ reprovisioning })} options={offered.map((v) => [v, policies[v] ?? v])} />
        )}
        <SecretField label="Pre-shared key" hint="Exactly 16 characters, which the owner’s client application knows." stored={Boolean(base?.preSharedKey)} value={draft.psk} onInput={(psk) => change({ psk })} remove={draft.removePsk} onRemove={(removePsk) => change({ removePsk })} />
        {faults.psk && <p class="field-error">{faults.psk}</p>}
      </fieldset>
      <Restrictions draft={draft} change={change} />
      <Failure error={error} title="Not saved" />
      <div class="form-actions sticky">
        <button type="submit" class="button primary" disabled={busy}>{busy ? 'Saving…' : base ? 'Save' : 'Create group'}</button>
        <a class="button" href={cancel}>Cancel</a>
      </div>
    </form>
  )
}
