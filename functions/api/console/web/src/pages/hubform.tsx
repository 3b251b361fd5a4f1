import type { Hub } from '../api/types'
import { useEditor } from '../lib/editor'
import { draftOf, faultsOf, wantedOf, type HubDraft } from '../lib/hubdraft'
import { useLoad } from '@shared/lib/hooks'
import { hubName } from '../lib/names'
import { navigate } from '@shared/lib/router'
import { useSession } from '../lib/session'
import { EditForm } from '../ui/editform'
import { Loading, Notice } from '@shared/ui/feedback'
import { PageHead } from '@shared/ui/page'
import { HubFields } from './hubfields'

/** HubForm creates a hub, or edits one. */
export function HubForm({ id }: { id?: string }) {
  const { api, canWrite } = useSession()
  const { data, error, reload } = useLoad(async (signal) => ({ base: id ? await api.hub(id, signal) : undefined }), [id])
  return (
    <>
      <PageHead
        title={id ? `Edit ${data?.base ? hubName(data.base) : 'hub'}` : 'Create a hub'}
        over={<a href={id ? `/hubs/${encodeURIComponent(id)}` : '/hubs'}>{id ? 'Back to the hub' : 'Hubs'}</a>}
      />
      {!canWrite ? (
        <Notice tone="warning" title="You may only read">
          Your token does not allow changes.
        </Notice>
      ) : data ? (
        <Form key={data.base?.version ?? ''} base={data.base} reload={reload} />
      ) : (
        <Loading error={error} retry={reload} what="The hub" />
      )}
    </>
  )
}

function Form({ base, reload }: { base: Hub | undefined; reload: () => void }) {
  const { api, say } = useSession()
  const editor = useEditor<Hub, HubDraft>(base, {
    draftOf,
    wantedOf,
    faultsOf,
    create: api.createHub,
    change: (old, patch, version) => api.changeHub(old.id, patch, version),
    done: (stored) => {
      say(base ? 'Saved.' : `${hubName(stored)} created. Test its connection now.`)
      navigate(`/hubs/${encodeURIComponent(stored.id)}`)
    },
  })
  return (
    <EditForm
      editor={editor}
      verb={base ? 'Save' : 'Create hub'}
      cancel={base ? `/hubs/${encodeURIComponent(base.id)}` : '/hubs'}
      reload={reload}
    >
      <HubFields draft={editor.draft} change={editor.change} faults={editor.faults} base={base} />
    </EditForm>
  )
}
