/** Here, so that packages are found in this folder. */
export const importPeer = (name) => import(name);
