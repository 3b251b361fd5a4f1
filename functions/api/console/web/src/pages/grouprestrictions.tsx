import { useState } from 'preact/hooks'
import type { GroupDraft, ListDraft } from '../lib/groupdraft'
import { toBase64 } from '@shared/lib/pem'
import { AreaField, TextField } from '@shared/ui/field'
import { FileDrop } from '@shared/ui/files'

interface Props {
  draft: GroupDraft
  change: (to: Partial<GroupDraft>) => void
}

/** Restrictions are who else gets in or not: lists and revocation lists. Most groups need none. */
export function Restrictions({ draft, change }: Props) {
  const used = [draft.allow, draft.deny].some((l) => l.commonNames || l.serials || l.keyIds) || draft.crls.length > 0
  return (
    <details class="more" open={used}>
      <summary>Restrictions: allow and deny lists, revocation lists</summary>
      <List
        title="Allow only"
        note="Where this names anybody, nobody else gets in."
        list={draft.allow}
        change={(allow) => change({ allow })}
      />
      <List title="Deny" note="These do not get in, whatever the allow list says." list={draft.deny} change={(deny) => change({ deny })} />
      <RevocationLists draft={draft} change={change} />
    </details>
  )
}

function List({ title, note, list, change }: { title: string; note: string; list: ListDraft; change: (list: ListDraft) => void }) {
  return (
    <fieldset>
      <legend>{title}</legend>
      <p class="hint">{note} One entry a line.</p>
      <div class="three">
        <AreaField label="Common names" rows={3} value={list.commonNames} onInput={(commonNames) => change({ ...list, commonNames })} />
        <AreaField
          label="Serial numbers"
          rows={3}
          value={list.serials}
          onInput={(serials) => change({ ...list, serials })}
          placeholder="0A:1B:2C"
        />
        <AreaField label="Record ids (keys)" rows={3} value={list.keyIds} onInput={(keyIds) => change({ ...list, keyIds })} />
      </div>
    </fieldset>
  )
}

function RevocationLists({ draft, change }: Props) {
  const [url, setUrl] = useState('')
  const valid = /^https?:\/\/\S+$/.test(url.trim())
  const add = (): void => {
    change({ crls: [...draft.crls, { url: url.trim() }] })
    setUrl('')
  }
  return (
    <fieldset>
      <legend>Revocation lists</legend>
      <p class="hint">Of the authorities above (RFC 5280): fetched from an address, or uploaded as they are.</p>
      <ul class="rows">
        {draft.crls.map((c, i) => (
          <li key={i}>
            <span class="wrap mono">{c.url || 'uploaded list'}</span>
            <button
              type="button"
              class="button small"
              aria-label={`Remove ${c.url || `uploaded list ${i + 1}`}`}
              onClick={() => change({ crls: draft.crls.filter((_, j) => j !== i) })}
            >
              Remove
            </button>
          </li>
        ))}
      </ul>
      <div class="inline">
        <TextField label="Address of a list" type="url" value={url} onInput={setUrl} placeholder="http://crl.example.com/devices.crl" />
        <button type="button" class="button" disabled={!valid} onClick={add}>
          Add
        </button>
      </div>
      <FileDrop
        label="Upload a list"
        accept=".crl,.pem,.der"
        onFiles={([first]) => first && change({ crls: [...draft.crls, { inline: toBase64(first) }] })}
      />
    </fieldset>
  )
}
