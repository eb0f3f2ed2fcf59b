// Labelled captures become clients: their label, and the profiles of their hellos.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readProfiles } from '../../src/read-profiles.js'
import type { SeenProfiles } from '../../src/read-profiles.js'
import type { Label } from './label.js'

/** One labelled capture. */
export interface Client extends SeenProfiles {
  readonly label: Label
}

/** The clients of `folder/labels.jsonl`, in its order. */
export async function readClients(folder: string): Promise<Client[]> {
  const clients: Client[] = []
  for (const line of readFileSync(join(folder, 'labels.jsonl'), 'utf8').split('\n')) {
    if (line.trim() === '') continue
    const label = JSON.parse(line) as Label
    clients.push({ label, ...(await readProfiles(join(folder, label.file))) })
  }
  return clients
}
