import CLaunch
import OutfitCommands

launch_restore_environment()
await OutfitCommand.run()
