import type { Group, Hub } from '../api/types'

/** hubName is what people call a hub; one without a name goes by its hub id. */
export const hubName = (h: Hub): string => h.name || (h.hubId ? `Hub ${h.hubId}` : h.id)

/** groupName is what people call a group. */
export const groupName = (g: Group): string => g.name || `Group ${g.id}`
