/** The folder of the SQL migrations: the tables that the services agree on, in the order they are applied. */
export const migrationsFolder: string = import.meta.dirname
