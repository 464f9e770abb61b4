export declare function importPeer<T>(name: string): Promise<T>;
