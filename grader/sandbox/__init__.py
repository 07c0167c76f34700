"""The trusted side of isolation: starts worker processes in a sandbox and talks to them.

Reading order: levels, launch, bubblewrap and plain with visible_paths, mount_namespace and seccomp,
then temporary, workdir, forkserver_client, process, process_tree, cgroup and output, and last
remote.
"""
