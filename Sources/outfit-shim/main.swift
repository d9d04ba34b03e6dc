import CLaunch
import OutfitDispatch

launch_restore_environment()
Launcher.main(started: launch_started_path())
