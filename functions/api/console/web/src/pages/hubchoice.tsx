import { useLoad } from '@shared/lib/hooks'
import { hubName } from '../lib/names'
import { useSession } from '../lib/session'
import { CheckField, SelectField } from '@shared/ui/field'
import { Loading } from '@shared/ui/feedback'

/** HubChoice picks the hubs of a group. The first is the default. A group may name a hub by its entry or by its hub id. */
export function HubChoice({ chosen, fault, change }: { chosen: string[]; fault: string | undefined; change: (hubIds: string[]) => void }) {
  const { api } = useSession()
  const { data, error, reload } = useLoad((signal) => api.hubs(signal), [])
  const hubs = data ?? []
  const nameOf = (id: string): string => {
    const hub = hubs.find((h) => h.id === id) ?? hubs.find((h) => h.hubId === id)
    return hub ? hubName(hub) : id
  }
  const gone = data ? chosen.filter((id) => !hubs.some((h) => h.id === id || h.hubId === id)) : []
  return (
    <fieldset>
      <legend>Hubs</legend>
      {!data && <Loading error={error} retry={reload} what="The hubs" />}
      {data?.length === 0 && (
        <p class="empty">
          There is no hub yet. <a href="/hubs/new">Create one first</a>
        </p>
      )}
      {hubs.map((h) => {
        const named = chosen.filter((id) => id === h.id || (id === h.hubId && hubs.find((o) => o.hubId === id) === h))
        return (
          <CheckField
            key={h.id}
            label={hubName(h)}
            hint={<span class="mono wrap">{(h.gateways ?? []).join(', ')}</span>}
            checked={named.length > 0}
            onInput={(on) => change(on ? [...chosen, h.id] : chosen.filter((id) => !named.includes(id)))}
          />
        )
      })}
      {gone.map((id) => (
        <CheckField
          key={id}
          label={id}
          hint="This hub does not exist any more."
          checked
          onInput={() => change(chosen.filter((c) => c !== id))}
        />
      ))}
      {chosen.length > 1 && (
        <SelectField
          label="Default hub"
          hint="Where devices go that do not say."
          value={chosen[0] ?? ''}
          onInput={(first) => change([first, ...chosen.filter((id) => id !== first)])}
          options={[...chosen].sort((a, b) => nameOf(a).localeCompare(nameOf(b))).map((id) => [id, nameOf(id)])}
        />
      )}
      {fault && chosen.length === 0 && <p class="field-error">{fault}</p>}
    </fieldset>
  )
}
