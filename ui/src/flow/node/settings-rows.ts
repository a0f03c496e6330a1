/** The settings of a node as a table: what the component documents, beside what the file says. */
import type { Json } from '../../api/types'

export interface SettingRow {
  name: string
  /** as the file has it; undefined where it does not */
  value: Json | undefined
  /** undefined: there is none, the file must say it */
  preset: Json | undefined
  type: string
  description: string
}

type Schema = { [name: string]: Json }

const isSchema = (value: Json | undefined): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Follows `$ref` into `$defs`; members beside it win. */
function resolve(schema: Schema, root: Schema): Schema {
  const ref = schema.$ref
  if (typeof ref !== 'string') return schema
  const definitions = isSchema(root.$defs) ? root.$defs : {}
  const target = definitions[ref.slice(ref.lastIndexOf('/') + 1)]
  return isSchema(target) ? { ...target, ...schema } : schema
}

/** Any setting may be an expression; that need not be said of each. */
const isExpression = ({ type, pattern }: Schema) => type === 'string' && pattern === '\\{\\{'

function typeOf(schema: Schema, root: Schema): string {
  const { enum: choices, type, anyOf } = schema
  if (Array.isArray(choices)) return choices.map(each => String(each)).join(' · ')
  if (typeof type === 'string') return type
  // Where an expression may stand, a text is accepted as well; the first type is what it comes to.
  if (Array.isArray(type)) return String(type[0] ?? '')
  if (!Array.isArray(anyOf)) return ''
  const choicesOf = anyOf.filter(isSchema).map(each => resolve(each, root))
  const types = choicesOf.filter(each => !isExpression(each)).map(each => typeOf(each, root))
  return [...new Set(types)].filter(each => each !== '' && each !== 'null').join(' or ')
}

/** In the order of the documentation, those that the file sets first; what nobody documents comes last. */
export function rowsOf(schema: Schema, values: { [name: string]: Json }): SettingRow[] {
  const properties = isSchema(schema.properties) ? schema.properties : {}
  const documented = Object.entries(properties).map(([name, property]): SettingRow => {
    const resolved = isSchema(property) ? resolve(property, schema) : {}
    return {
      name,
      value: Object.hasOwn(values, name) ? values[name] : undefined,
      preset: resolved.default,
      type: typeOf(resolved, schema),
      description: typeof resolved.description === 'string' ? resolved.description : '',
    }
  })
  const others = Object.entries(values)
    .filter(([name]) => !Object.hasOwn(properties, name))
    .map(([name, value]): SettingRow => ({ name, value, preset: undefined, type: '', description: '' }))
  const isSet = (row: SettingRow) => row.value !== undefined
  return [...documented.filter(isSet), ...others, ...documented.filter(row => !isSet(row))]
}
