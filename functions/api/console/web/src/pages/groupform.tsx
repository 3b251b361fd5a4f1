import type { Group } from '../api/types'
import { at } from '../lib/diff'
import { useEditor } from '../lib/editor'
import { draftOf, faultsOf, policies, wantedOf, type GroupDraft } from '../lib/groupdraft'
import { useLoad } from '@shared/lib/hooks'
import { groupName } from '../lib/names'
import { navigate } from '@shared/lib/router'
import { useSession } from '../lib/session'
import { EditForm } from '../ui/editform'
import { CheckField, SecretField, SelectField, TextField } from '@shared/ui/field'
import { Loading, Notice } from '@shared/ui/feedback'
import { PageHead } from '@shared/ui/page'
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
      <PageHead
        title={title}
        over={<a href={id ? `/groups/${encodeURIComponent(id)}` : '/groups'}>{id ? 'Back to the group' : 'Enrollment groups'}</a>}
      />
      {!canWrite ? (
        <Notice tone="warning" title="You may only read">
          Your token does not allow changes.
        </Notice>
      ) : data ? (
        <Form key={data.base?.version ?? ''} base={data.base} reload={reload} />
      ) : (
        <Loading error={error} retry={reload} what="The group" />
      )}
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
  const offered = useReprovisioning()
  const editor = useEditor<Group, GroupDraft>(base, {
    draftOf,
    wantedOf,
    faultsOf,
    create: api.createGroup,
    change: (old, patch, version) => api.changeGroup(old.id, patch, version),
    done: (stored) => {
      say(base ? 'Saved.' : `${groupName(stored)} created.`)
      navigate(`/groups/${encodeURIComponent(stored.id)}`)
    },
  })
  const { draft, change, faults } = editor
  const cancel = base ? `/groups/${encodeURIComponent(base.id)}` : '/groups'
  return (
    <EditForm editor={editor} verb={base ? 'Save' : 'Create group'} cancel={cancel} reload={reload}>
      <TextField
        label="Name"
        value={draft.name}
        onInput={(name) => change({ name })}
        maxLength={256}
        hint="For people. Devices never see it."
      />
      <CertificateInput pem={draft.pem} lead={draft.lead} fault={faults.pem} change={change} />
      <HubChoice chosen={draft.hubIds} fault={faults.hubIds} change={(hubIds) => change({ hubIds })} />
      <fieldset>
        <legend>Devices</legend>
        <CheckField
          label="Enabled"
          hint="Otherwise all devices of this group are refused."
          checked={!draft.disabled}
          onInput={(on) => change({ disabled: !on })}
        />
        <CheckField
          label="Forgive expired device certificates"
          hint="Only the device’s own certificate, never an authority’s. For devices that lay in a store for years."
          checked={draft.expired}
          onInput={(expired) => change({ expired })}
        />
        <CheckField label="Demand the extended key usage clientAuth" checked={draft.eku} onInput={(eku) => change({ eku })} />
        {offered.length > 0 && (
          <SelectField
            label="Provisioning again"
            hint="What happens when a device that was provisioned comes back."
            value={draft.reprovisioning || offered[0] || ''}
            onInput={(reprovisioning) => change({ reprovisioning })}
            options={offered.map((v) => [v, policies[v] ?? v])}
          />
        )}
        <SecretField
          label="Pre-shared key"
          hint="Exactly 16 characters, which the owner’s client application knows."
          stored={Boolean(base?.preSharedKey)}
          value={draft.psk}
          onInput={(psk) => change({ psk })}
          remove={draft.removePsk}
          onRemove={(removePsk) => change({ removePsk })}
        />
        {faults.psk && <p class="field-error">{faults.psk}</p>}
      </fieldset>
      <Restrictions draft={draft} change={change} />
    </EditForm>
  )
}
