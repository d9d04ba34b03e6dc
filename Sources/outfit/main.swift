import OutfitCommands

await OutfitCommand.run()
